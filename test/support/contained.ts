import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Image } from './image.ts';

/** One container as a restricted pod of Kubernetes runs it. */
export interface ContainedCall {
  image: Image;
  /** A folder for what the container's engine keeps. */
  folder: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** What `/tmp` is: a folder of the host, or memory of so many bytes. */
  tmp: { folder: string } | { sizeBytes: number };
  /** More folders of the host, by their place in the container. */
  volumes?: Readonly<Record<string, string>>;
  /** The host's network, or nothing but a loopback of its own. */
  network: 'host' | 'none';
  memoryBytes?: number;
  cwd?: string;
}

export interface ContainedEnd {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface Contained {
  end: Promise<ContainedEnd>;
  /** What stderr holds so far. */
  said(): string;
  /** Signals the container's first process. */
  signal(name: 'TERM' | 'INT' | 'KILL'): Promise<void>;
}

export const IMAGE_USER = 65_532;

/**
 * Runs the image's entrypoint by runc, as user 65532 without any capability, on a read-only root, as the first process
 * of its own PID namespace, with no way to gain privileges.
 */
export async function contained(call: ContainedCall): Promise<Contained> {
  const name = `argosy-test-${randomUUID()}`;
  const bundle = join(call.folder, name);
  await mkdir(bundle, { recursive: true });
  await writeFile(join(bundle, 'config.json'), JSON.stringify(specification(call)));
  const state = ['--root', join(call.folder, 'state')];
  const child = spawn('runc', [...state, 'run', '--bundle', bundle, name], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const closed = new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? -1));
  });
  const end = async (): Promise<ContainedEnd> => {
    const [exitCode, stdout] = await Promise.all([closed, text(child.stdout)]);
    return { exitCode, stdout, stderr: said };
  };
  return {
    end: end(),
    said: () => said,
    signal: (signal) =>
      new Promise((resolve) => {
        spawn('runc', [...state, 'kill', name, signal]).once('close', () => resolve());
      }),
  };
}

const TMPFS = ['nosuid', 'nodev'];

function specification(call: ContainedCall) {
  const { image, env = {}, tmp, volumes = {}, network, memoryBytes } = call;
  const none = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'];
  const bind = (source: string, destination: string) => ({
    destination,
    type: 'bind',
    source,
    options: ['bind', ...TMPFS],
  });
  const memory = (destination: string, options: string[]) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: [...TMPFS, ...options],
  });
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: IMAGE_USER, gid: IMAGE_USER },
      args: [...(image.config.Entrypoint ?? []), ...call.args],
      env: [
        ...(image.config.Env ?? []),
        ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ],
      cwd: call.cwd ?? image.config.WorkingDir,
      noNewPrivileges: true,
      capabilities: Object.fromEntries(none.map((set) => [set, []])),
    },
    root: { path: image.root, readonly: true },
    hostname: 'contained',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { ...memory('/dev', ['mode=755', 'size=65536k']), options: ['nosuid', 'mode=755'] },
      'folder' in tmp
        ? bind(tmp.folder, '/tmp')
        : memory('/tmp', ['mode=1777', `size=${tmp.sizeBytes}`]),
      ...Object.entries(volumes).map(([destination, source]) => bind(source, destination)),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount', ...(network === 'none' ? ['network'] : [])].map(
        (type) => ({ type }),
      ),
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
      ...(memoryBytes === undefined
        ? {}
        : { resources: { memory: { limit: memoryBytes, swap: memoryBytes } } }),
    },
  };
}
