import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import { proxyFor } from './kube-proxy.ts';

/** Which cluster, as flags and environment say it. */
export interface KubeTarget {
  /** A kubeconfig file; else `KUBECONFIG`, `~/.kube/config`, and within a pod its service account, as kubectl does. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  namespace?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/** A cluster that can be asked. */
export interface KubeConnection {
  /** `https://host:port`, without a slash at the end. */
  server: string;
  context: string;
  user: string;
  namespace: string;
  /** Credentials, certificates and agent for one request; runs a credential plugin when the kubeconfig names one. */
  authorize(): Promise<RequestOptions>;
  /** Forgets the credentials at hand, so that the next request gets them anew. */
  renew(): void;
}

/** A credential plugin may ask a person to log in, but not for ever. */
const CREDENTIAL_MS_MAX = 60_000;
const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Reads the kubeconfig. `config-invalid` when there is none, or it does not lead to a cluster; nothing is sent. */
export function connect(target: KubeTarget): KubeConnection {
  let config = chosenConfig(target);
  const cluster = config.getCurrentCluster();
  const context = config.getCurrentContext();
  if (cluster === null) {
    throw invalid(`context ${context} of the kubeconfig names a cluster that it does not hold`);
  }
  const { namespace } = config.getContextObject(context) ?? {};
  return {
    server: cluster.server,
    context,
    user: config.getCurrentUser()?.name ?? 'no user',
    namespace: target.namespace ?? namespace?.trim() ?? 'default',
    authorize: () => authorize(config, context),
    renew: () => {
      config = chosenConfig(target);
    },
  };
}

function chosenConfig(target: KubeTarget): KubeConfig {
  const config = readConfig(target);
  chooseContext(config, target.context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) return config;
  const server = serverOf(cluster.server);
  const proxyUrl = cluster.proxyUrl ?? proxyFor(server, target.env);
  // The package asks for this flag before it speaks plain HTTP, as `kubectl proxy` does; it has no other effect there.
  const skipTLSVerify = cluster.skipTLSVerify || server.protocol === 'http:';
  Object.assign(cluster, { skipTLSVerify, proxyUrl });
  return config;
}

function readConfig({ kubeconfig, env }: KubeTarget): KubeConfig {
  if (kubeconfig !== undefined) return fromFiles([kubeconfig], '--kubeconfig');
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (named.length > 0) return fromFiles(named, 'KUBECONFIG');
  const home = join(env['HOME'] ?? env['USERPROFILE'] ?? '/', '.kube', 'config');
  if (existsSync(home)) return fromFiles([home], home);
  if (env['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(TOKEN_FILE)) {
    const config = new KubeConfig();
    config.loadFromCluster();
    return config;
  }
  throw new PipelineError('config-invalid', 'no Kubernetes cluster is configured', {
    hint: `give --kubeconfig FILE, set KUBECONFIG, or have ${home} (aws eks update-kubeconfig and kind write it)`,
  });
}

/** Files of `KUBECONFIG` that are not there are passed over; of a name in several files the first one holds (kubectl). */
function fromFiles(paths: readonly string[], setting: string): KubeConfig {
  const found = paths.filter((path) => existsSync(path));
  if (found.length === 0) {
    throw new PipelineError('config-invalid', `there is no kubeconfig ${paths.join(', ')}`, {
      hint: setting.startsWith('/') ? 'check its rights' : `check ${setting}`,
    });
  }
  const merged = new KubeConfig();
  for (const path of found) {
    const one = parseFile(path);
    merged.currentContext ??= one.currentContext;
    merged.clusters = withNew(merged.clusters, one.clusters);
    merged.users = withNew(merged.users, one.users);
    merged.contexts = withNew(merged.contexts, one.contexts);
  }
  return merged;
}

function parseFile(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
    return config;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw invalid(`${path} cannot be read as a kubeconfig: ${reason}`, cause);
  }
}

function withNew<T extends { name: string }>(held: T[], added: readonly T[]): T[] {
  return [...held, ...added.filter(({ name }) => held.every((one) => one.name !== name))];
}

function chooseContext(config: KubeConfig, wanted: string | undefined): void {
  const names = config.contexts.map(({ name }) => name);
  const name = wanted ?? config.currentContext;
  if ((name ?? '') !== '' && names.includes(name)) return config.setCurrentContext(name);
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  if ((name ?? '') === '') {
    throw new PipelineError('config-invalid', 'the kubeconfig names no current context', {
      hint: `give --context NAME; ${known}`,
    });
  }
  const near = nearest(name, names);
  throw new PipelineError('config-invalid', `the kubeconfig has no context ${name}`, {
    hint: near === undefined ? known : `did you mean ${near}? ${known}`,
  });
}

function serverOf(server: string): URL {
  if (!URL.canParse(server)) throw invalid(`the kubeconfig's server ${server} is no address`);
  return new URL(server);
}

async function authorize(config: KubeConfig, context: string): Promise<RequestOptions> {
  const options: RequestOptions = {};
  const plugin = config.getCurrentUser()?.exec?.command as string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `the credentials of context ${context} did not come within ${CREDENTIAL_MS_MAX / 1000} s`;
    timer = setTimeout(() => reject(new PipelineError('denied', message)), CREDENTIAL_MS_MAX);
  });
  try {
    await Promise.race([config.applyToHTTPSOptions(options), late]);
    return options;
  } catch (cause) {
    throw cause instanceof PipelineError ? cause : credentialFault(cause, context, plugin);
  } finally {
    clearTimeout(timer);
  }
}

function credentialFault(
  cause: unknown,
  context: string,
  plugin: string | undefined,
): PipelineError {
  const text = cause instanceof Error ? cause.message.trim() : String(cause);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason = text.split('\n').findLast((line) => line.trim() !== '') ?? 'it said nothing';
  if (plugin === undefined) return invalid(`context ${context}: ${reason}`, cause);
  if (code === 'ENOENT') {
    return new PipelineError(
      'config-invalid',
      `context ${context} needs ${plugin}, which is not installed`,
      {
        hint: `install ${plugin}, or choose another --context`,
        cause,
      },
    );
  }
  return new PipelineError(
    'denied',
    `context ${context}: ${plugin} gave no credentials: ${reason}`,
    {
      hint: 'log in again (for AWS: aws sso login), then repeat',
      cause,
    },
  );
}

function invalid(message: string, cause?: unknown): PipelineError {
  return new PipelineError('config-invalid', message, {
    hint: 'kubectl config view shows what is configured',
    cause,
  });
}
