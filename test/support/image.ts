import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Component, findProgram } from './require-component.ts';
import { tempFolder } from './temp-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BASE = 'localhost/argosy-test-base';
const BUFFER_BYTES_MAX = 64 * 1024 * 1024;

/** What the Dockerfile gave, with its root file system laid out. */
export interface Image extends AsyncDisposable {
  /** The root file system. */
  root: string;
  /** The `config` of the OCI image. */
  config: {
    User?: string;
    Env?: string[];
    Entrypoint?: string[];
    Cmd?: string[];
    WorkingDir?: string;
    Labels?: Record<string, string>;
    StopSignal?: string;
    Healthcheck?: unknown;
  };
  /** What its files take, uncompressed. */
  sizeBytes: number;
}

/** The programs that build an image and run it here; absent too for a user who may not. */
export function imageTools(): Component {
  const howToGet = 'as root, apt-get install buildah debootstrap runc';
  const programs = ['buildah', 'debootstrap', 'runc'].map((name) =>
    findProgram(name, `${name.toUpperCase()}_BIN`, howToGet),
  );
  const isWhole = programs.every(({ path }) => path !== null) && process.getuid?.() === 0;
  const path = isWhole ? (programs[0]?.path ?? null) : null;
  return { name: 'buildah, debootstrap and runc', path, howToGet };
}

const execute = promisify(execFile);

/**
 * Builds the Dockerfile from a copy of the tree as git would hand it over, on a base that this machine makes of itself.
 * The base is kept beside the temporary files for the next time.
 */
export async function buildImage(): Promise<Image> {
  const folder = await tempFolder();
  const env = { ...process.env, ...(await storage(folder.path)) };
  const buildah = async (...args: string[]): Promise<string> => {
    const options = { env, cwd: folder.path, maxBuffer: BUFFER_BYTES_MAX };
    return (await execute('buildah', args, options)).stdout.trim();
  };
  const bases = await buildah('images', '--noheading', '--format', '{{.Name}}');
  if (!bases.split('\n').includes(BASE)) {
    await execute(join(ROOT, 'bin/image-base.sh'), [BASE], { env, maxBuffer: BUFFER_BYTES_MAX });
  }
  const context = join(folder.path, 'context');
  await copyTree(context);
  const build = ['bud', '--isolation', 'chroot', '--pull-never', '--quiet'];
  const labels = ['--build-arg', 'ARGOSY_REVISION=0123abc', '--build-arg', `NODE_IMAGE=${BASE}`];
  const tag = `localhost/argosy-test:${process.pid}`;
  await buildah(...build, ...labels, '--tag', tag, context);
  const container = await buildah('from', '--pull-never', tag);
  const root = await buildah('mount', container);
  const { OCIv1 } = JSON.parse(await buildah('inspect', '--type', 'image', tag));
  const { stdout } = await execute('du', ['--summarize', '--bytes', root]);
  return {
    root,
    config: OCIv1.config,
    sizeBytes: Number(stdout.split('\t')[0]),
    async [Symbol.asyncDispose]() {
      await buildah('rm', container);
      await buildah('rmi', tag);
      await folder.remove();
    },
  };
}

/** Images of the tests lie by themselves: what the user of this machine has is left alone. */
async function storage(folder: string): Promise<Record<string, string>> {
  const kept = join(tmpdir(), `argosy-test-images-${process.version}`);
  await mkdir(kept, { recursive: true });
  const file = join(folder, 'storage.conf');
  await writeFile(
    file,
    `[storage]\ndriver = "vfs"\ngraphroot = "${kept}/store"\nrunroot = "${kept}/run"\n`,
  );
  return { CONTAINERS_STORAGE_CONF: file };
}

/** What git knows, or would be told of: nothing that is built or installed. */
async function copyTree(target: string): Promise<void> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { stdout } = await execute('git', args, { cwd: ROOT, maxBuffer: BUFFER_BYTES_MAX });
  for (const name of stdout.split('\0').filter(Boolean)) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await cp(join(ROOT, name), join(target, name), { verbatimSymlinks: true }).catch(
      (error: unknown) => {
        // A file that is deleted and not yet committed as such is not part of the tree.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      },
    );
  }
}
