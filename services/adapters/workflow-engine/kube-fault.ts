import { parseRetryAfterMs } from '../../core/backoff.ts';
import { PipelineError } from '../../core/error.ts';
import { textAt } from './json-field.ts';
import type { KubeConnection } from './kube-config.ts';

/** What was asked of the API server, in the words of its roles. */
export interface Asked {
  verb: 'get' | 'list' | 'watch' | 'create' | 'patch';
  /** Plural, with a subresource behind a slash: `workflows`, `pods/log`. */
  resource: string;
  /** Empty for the core group. */
  group: string;
  name?: string;
}

/** An answer that is not the one that was asked for. */
export interface Refusal {
  status: number;
  body: string;
  retryAfter?: string | undefined;
}

/** What the server said, as one of our errors: the kind tells whether waiting may cure it. */
export function refusalFault(
  connection: KubeConnection,
  asked: Asked,
  refusal: Refusal,
): PipelineError {
  const reply = parsed(refusal.body);
  const said = textAt(reply, 'message') ?? shortText(refusal.body);
  const about: About = { ...asked, connection, said, reply, status: refusal.status };
  if (refusal.status === 401) return unauthorized(about);
  if (refusal.status === 403) return forbidden(about);
  if (refusal.status === 404) return missing(about);
  if (refusal.status === 409) {
    return new PipelineError('conflict', `${subject(asked)}: ${said}`);
  }
  const isTooLarge = refusal.status === 413 || /too large|exceeds? the (?:size )?limit/i.test(said);
  if (isTooLarge) {
    return new PipelineError(
      'too-large',
      `${subject(asked)} is too large for the API server: ${said}`,
      {
        hint: 'pass the key of an object in the store in place of a long parameter',
      },
    );
  }
  if (refusal.status === 429) {
    const retryAfterMs = parseRetryAfterMs(refusal.retryAfter);
    return new PipelineError('throttled', `${connection.server} asks to come back later: ${said}`, {
      hint: 'the API server is busy; try again in a minute',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (refusal.status === 410) {
    // The version to watch from is forgotten: a new list gives another one.
    return new PipelineError('unavailable', `${connection.server}: ${said}`);
  }
  if (refusal.status >= 500) return serverFault(about, refusal);
  return new PipelineError(
    'config-invalid',
    `${connection.server} refused ${subject(asked)}: ${said}`,
    {
      hint: 'the message is that of the API server, or of a policy that it asked',
    },
  );
}

interface About extends Asked {
  connection: KubeConnection;
  said: string;
  reply: unknown;
  status: number;
}

function unauthorized({ connection, said }: About): PipelineError {
  const who = `user ${connection.user} of context ${connection.context}`;
  return new PipelineError(
    'denied',
    `${connection.server} does not take the credentials of ${who}: ${said}`,
    {
      hint: 'they may have expired: log in again (for AWS: aws sso login), or choose another --context',
    },
  );
}

/** The roles' own refusals name user, verb and resource; all others come from quotas, policies and webhooks. */
function forbidden(about: About): PipelineError {
  const { connection, said, verb, resource, group } = about;
  const { namespace } = connection;
  const who = /User "([^"]*)" cannot/.exec(said)?.[1];
  if (who === undefined) {
    return new PipelineError('denied', `the cluster does not allow ${subject(about)}: ${said}`, {
      hint: 'a quota, a policy or an admission webhook of the cluster says so; its message tells what to change',
    });
  }
  if (who === 'system:anonymous') {
    return new PipelineError(
      'denied',
      `context ${connection.context} has no credentials: anonymous may not ${verb} ${resource}`,
      {
        hint: `user ${connection.user} of the kubeconfig has neither token, certificate nor plugin: write it anew, or choose another --context`,
      },
    );
  }
  const rule = `{apiGroups: ["${group}"], resources: [${resource}], verbs: [${verb}]}`;
  return new PipelineError(
    'denied',
    `${who} may not ${verb} ${resource} in namespace ${namespace}`,
    {
      hint: `a Role in namespace ${namespace} with the rule ${rule}, bound to ${who}, allows it; or choose another --namespace or --context`,
    },
  );
}

/** A 404 without a `Status` object means that the whole group or resource is unknown to the server. */
function missing(about: About): PipelineError {
  const { connection, reply, said } = about;
  const kind = textAt(reply, 'details', 'kind');
  if (kind === 'namespaces') {
    return new PipelineError(
      'config-invalid',
      `there is no namespace ${connection.namespace} in ${connection.context}`,
      {
        hint: `choose another --namespace, or: kubectl create namespace ${connection.namespace}`,
      },
    );
  }
  const isUnknownResource =
    textAt(reply, 'kind') !== 'Status' || /could not find the requested resource/.test(said);
  if (isUnknownResource && about.group !== '') {
    return new PipelineError(
      'config-invalid',
      `Argo Workflows is not installed in ${connection.context} (${connection.server})`,
      {
        hint: `its CustomResourceDefinitions (${about.resource}.${about.group}) are missing: install Argo Workflows, or choose another --context`,
      },
    );
  }
  const where = `namespace ${connection.namespace} of ${connection.context}`;
  return new PipelineError('not-found', `there is no ${subject(about)} in ${where}`);
}

function serverFault({ connection, said, status }: About, { retryAfter }: Refusal): PipelineError {
  const retryAfterMs = parseRetryAfterMs(retryAfter);
  const webhook = /failed calling webhook "([^"]+)"/.exec(said)?.[1];
  const hint =
    webhook === undefined
      ? 'the API server, or a proxy before it, is in trouble; try again in a minute'
      : `the admission webhook ${webhook} of the cluster does not answer; ask who runs it`;
  return new PipelineError('unavailable', `${connection.server} answered ${status}: ${said}`, {
    hint,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Why no answer came, as one of our errors. A certificate that is not trusted now is not trusted later either. */
export function connectionFault(connection: KubeConnection, cause: unknown): PipelineError {
  const { server, context } = connection;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = code === '' ? (cause instanceof Error ? cause.message : String(cause)) : code;
  if (/CERT|ISSUER|SIGNATURE|SELF_SIGNED|ERR_TLS|HOSTNAME/.test(code)) {
    return new PipelineError(
      'config-invalid',
      `the certificate of ${server} is not trusted: ${reason}`,
      {
        hint: `the kubeconfig's certificate-authority-data for context ${context} does not fit this server; write the kubeconfig anew (aws eks update-kubeconfig, kind export kubeconfig)`,
        cause,
      },
    );
  }
  if (/ERR_SSL|EPROTO/.test(code)) {
    return new PipelineError(
      'config-invalid',
      `${server} does not speak TLS as the kubeconfig asks: ${reason}`,
      {
        hint: `check the server's address in context ${context}: https or http, and the port`,
        cause,
      },
    );
  }
  return new PipelineError('unavailable', `the API server ${server} cannot be reached: ${reason}`, {
    hint: `see that the cluster of context ${context} runs and that the network leads there (VPN, proxy)`,
    cause,
  });
}

/** A 200 whose body is not what the API server sends: something else stands between. */
export function notKubernetes(connection: KubeConnection, body: string): PipelineError {
  const what = /^\s*</.test(body) ? 'a web page' : 'no JSON';
  return new PipelineError(
    'config-invalid',
    `${connection.server} answered with ${what}, which is not the Kubernetes API`,
    {
      hint: 'a proxy or a login page stands between, or the kubeconfig names another server',
    },
  );
}

function subject({ verb, resource, name }: Asked): string {
  const noun = `${resource.replace(/s$/, '').replace(/s\/log$/, '/log')}${name === undefined ? '' : ` ${name}`}`;
  return verb === 'create' ? `the new ${noun}` : noun;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // The group's 404 is plain text, and a proxy answers in HTML: there is no message to read in either.
    return null;
  }
}

const TEXT_LENGTH_MAX = 300;

function shortText(body: string): string {
  if (/^\s*</.test(body)) return 'a web page, of a proxy it seems';
  const text = body.trim().slice(0, TEXT_LENGTH_MAX);
  return text === '' ? 'it gave no reason' : text;
}

/** The code of a `Status` object, as it comes within a watch; 500 for one without. */
export function statusCode(status: unknown): number {
  const code = Number((status as { code?: unknown } | null)?.code);
  return Number.isInteger(code) && code >= 400 ? code : 500;
}
