import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Credential, type Plugin, pluginOf, runPlugin } from './kube-plugin.ts';
import { proxyFor } from './kube-proxy.ts';

/** Which cluster, as flags and environment say it. */
export interface KubeTarget {
  /** A kubeconfig file; else `KUBECONFIG`, `~/.kube/config`, and within a pod its service account, as kubectl does. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  namespace?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Tells when credentials of a plugin expire; without it the plugin is run for each request. */
  clock?: Clock | undefined;
}

/** A cluster that can be asked. */
export interface KubeConnection {
  /** `https://host:port`, without a slash at the end. */
  server: string;
  context: string;
  user: string;
  namespace: string;
  /**
   * Credentials, certificates and agent for one request; runs a credential plugin when the kubeconfig names one.
   * `denied` when it gives none in time, `interrupted` when `signal` is aborted.
   */
  authorize(signal?: AbortSignal): Promise<RequestOptions>;
  /** Forgets the credentials at hand, so that the next request gets them anew. */
  renew(): void;
}

/** A credential plugin may ask a person to log in, but not for ever. */
const CREDENTIAL_MS_MAX = 60_000;
const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Reads the kubeconfig. `config-invalid` when there is none, or it does not lead to a cluster; nothing is sent. */
export function connect(target: KubeTarget): KubeConnection {
  const config = chosenConfig(target);
  let credentials = credentialsOf(config, target);
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
    authorize: (signal) => credentials(signal),
    renew: () => {
      credentials = credentialsOf(chosenConfig(target), target);
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
    merged.currentContext ||= one.currentContext;
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

type Authorize = KubeConnection['authorize'];

/** What the kubeconfig's user says; of a plugin, what it gave, until that expires. */
function credentialsOf(config: KubeConfig, { clock }: KubeTarget): Authorize {
  const context = config.getCurrentContext();
  const user = config.getCurrentUser();
  const plugin = pluginOf(user);
  let held: Credential | null = null;
  // The package would run the plugin itself, and neither ends it nor lets go of it.
  if (plugin !== undefined) Object.assign(user ?? {}, { exec: undefined });
  return async (signal) => {
    const options: RequestOptions = {};
    try {
      const untilMs = clock === undefined ? 0 : (held?.expiresAt?.getTime() ?? 0);
      if (plugin !== undefined && untilMs <= (clock?.now().getTime() ?? 0)) {
        held = await askPlugin(plugin, context, signal);
        Object.assign(user ?? {}, held.user);
      }
      await config.applyToHTTPSOptions(options);
      return options;
    } catch (cause) {
      throw cause instanceof PipelineError ? cause : credentialFault(cause, context, plugin);
    }
  };
}

async function askPlugin(
  plugin: Plugin,
  context: string,
  signal: AbortSignal | undefined,
): Promise<Credential> {
  const given = await runPlugin(plugin, { signal, msMax: CREDENTIAL_MS_MAX });
  if (given !== null) return given;
  const limit = `within ${CREDENTIAL_MS_MAX / 1000} s`;
  throw new PipelineError('denied', `context ${context}: ${plugin.command} did not end ${limit}`, {
    hint: `run ${[plugin.command, ...plugin.args].join(' ')} to see what it waits for`,
  });
}

function credentialFault(
  cause: unknown,
  context: string,
  plugin: Plugin | undefined,
): PipelineError {
  const text = cause instanceof Error ? cause.message.trim() : String(cause);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason = text.split('\n').findLast((line) => line.trim() !== '') ?? 'it said nothing';
  if (plugin === undefined) return invalid(`context ${context}: ${reason}`, cause);
  const { command } = plugin;
  if (code === 'ENOENT') {
    return new PipelineError(
      'config-invalid',
      `context ${context} needs ${command}, which is not installed`,
      {
        hint: `install ${command}, or choose another --context`,
        cause,
      },
    );
  }
  return new PipelineError(
    'denied',
    `context ${context}: ${command} gave no credentials: ${reason}`,
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
