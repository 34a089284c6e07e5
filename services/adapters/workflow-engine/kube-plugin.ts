import { type ChildProcess, execFile } from 'node:child_process';
import type { User } from '@kubernetes/client-node';
import { PipelineError } from '../../core/error.ts';
import { dateAt, listAt, objectAt, textAt } from './json-field.ts';

/** The program of a kubeconfig that gives credentials (client.authentication.k8s.io), as `aws eks get-token`. */
export interface Plugin {
  command: string;
  args: string[];
  /** Over the environment of this process. */
  env: Record<string, string>;
}

/** What a plugin gave. */
export interface Credential {
  /** The parts of a kubeconfig's user that it stands for. */
  user: Partial<Pick<User, 'token' | 'certData' | 'keyData'>>;
  /** `undefined` when it was not said: then it is not kept. */
  expiresAt: Date | undefined;
}

/** The plugin of a user; `undefined` for one that has none. */
export function pluginOf(user: User | null): Plugin | undefined {
  const exec: unknown = user?.exec;
  const command = textAt(exec, 'command');
  if (command === undefined) return undefined;
  const env: Record<string, string> = {};
  for (const one of listAt(exec, 'env')) {
    const name = textAt(one, 'name');
    if (name !== undefined) env[name] = textAt(one, 'value') ?? '';
  }
  return { command, args: listAt(exec, 'args').map(String), env };
}

export interface PluginLimits {
  signal: AbortSignal | undefined;
  msMax: number;
}

/**
 * Runs the plugin. Rejects with what it said last, and with `interrupted` when `signal` is aborted; `null` when it took
 * longer than `msMax`. In both cases it is told to stop, and this process does not wait for it.
 */
export async function runPlugin(
  { command, args, env }: Plugin,
  { signal, msMax }: PluginLimits,
): Promise<Credential | null> {
  const late = AbortSignal.timeout(msMax);
  const stop = AbortSignal.any([late, ...(signal === undefined ? [] : [signal])]);
  let child: ChildProcess | undefined;
  const leave = (): void => leaveAlone(child);
  try {
    const said = await new Promise<string>((resolve, reject) => {
      const options = { env: { ...process.env, ...env }, signal: stop };
      child = execFile(command, args, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(typeof error.code === 'number' ? new Error(stderr, { cause: error }) : error);
      });
      // Nobody can answer a question here: it ends at the end of its input.
      child.stdin?.end();
      stop.addEventListener('abort', leave);
    });
    return credentialOf(said);
  } catch (error) {
    if (signal?.aborted === true) {
      throw new PipelineError('interrupted', 'stopped before the end', { cause: error });
    }
    if (late.aborted) return null;
    throw error;
  } finally {
    stop.removeEventListener('abort', leave);
  }
}

/** A program that does not heed its signal, or has children that hold its pipes, keeps this process no longer. */
function leaveAlone(child: ChildProcess | undefined): void {
  child?.stdout?.destroy();
  child?.stderr?.destroy();
  child?.unref();
}

function credentialOf(said: string): Credential {
  const status = objectAt(JSON.parse(said), 'status');
  const [token, cert, key] = [
    textAt(status, 'token'),
    textAt(status, 'clientCertificateData'),
    textAt(status, 'clientKeyData'),
  ];
  if (token === undefined && cert === undefined) throw new Error('its answer holds no credentials');
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  return {
    user: {
      ...(token === undefined ? {} : { token }),
      ...(cert === undefined ? {} : { certData: base64(cert) }),
      ...(key === undefined ? {} : { keyData: base64(key) }),
    },
    expiresAt: dateAt(status, 'expirationTimestamp'),
  };
}
