import { readFile, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VERSION } from '../../services/core/version.ts';
import { contained, type ContainedCall, type ContainedEnd } from '../support/contained.ts';
import { buildImage, type Image, imageTools } from '../support/image.ts';
import { describeWith } from '../support/require-component.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { pipelineUnderLimits } from './limits.ts';

const BUILD_MS_MAX = 600_000;
const SIZE_BYTES_MAX = 250_000_000;
const ELF = '\u007FELF';

describeWith(imageTools(), 'the image that the Dockerfile gives', () => {
  let image: Image;
  let folder: TempFolder;
  beforeAll(async () => {
    folder = await tempFolder();
    image = await buildImage();
  }, BUILD_MS_MAX);
  afterAll(async () => {
    await image?.[Symbol.asyncDispose]();
    await folder.remove();
  }, BUILD_MS_MAX);

  const run = async (args: string[], more: Partial<ContainedCall> = {}): Promise<ContainedEnd> => {
    const tmp = { sizeBytes: 64 * 1024 * 1024 };
    const call = { image, folder: folder.path, args, tmp, network: 'none' as const, ...more };
    return (await contained(call)).end;
  };

  it('runs as 65532, starts argosy, and ends on SIGTERM', () => {
    expect(image.config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['argosy'],
      Cmd: ['--help'],
      WorkingDir: '/data',
      StopSignal: 'SIGTERM',
    });
    expect(image.config.Healthcheck).toBeUndefined();
  });

  it('says by OCI labels what it is, and takes revision and version from the build', () => {
    expect(image.config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'argosy',
      'org.opencontainers.image.version': VERSION,
      'org.opencontainers.image.revision': '0123abc',
      'org.opencontainers.image.licenses': 'Apache-2.0',
    });
  });

  it('is smaller than 250 MB', () => {
    expect(image.sizeBytes).toBeGreaterThan(50_000_000);
    expect(image.sizeBytes).toBeLessThan(SIZE_BYTES_MAX);
  });

  it('has no program but node and argosy: no shell, no npm, no env', async () => {
    const found: string[] = [];
    for (const entry of await readdir(image.root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || /\.(?:so|node)[.\d]*$/.test(entry.name)) continue;
      const isExecutable = ((await stat(path)).mode & 0o111) !== 0;
      const start = (await readFile(path)).subarray(0, 4).toString('latin1');
      if (isExecutable || start === ELF) found.push(path.slice(image.root.length));
    }
    expect(found.toSorted()).toEqual(['/opt/argosy/bin/argosy.mjs', '/usr/local/bin/node']);
    const program = await readFile(join(image.root, 'opt/argosy/bin/argosy.mjs'), 'utf8');
    expect(program.split('\n')[0]).toBe('#!/usr/local/bin/node');
    const link = await readlink(join(image.root, 'usr/local/bin/argosy'));
    expect(join('/usr/local/bin', link)).toBe('/opt/argosy/bin/argosy.mjs');
  });

  it('holds the bundle, the two packages that cannot be bundled, workflows and licences', async () => {
    const app = join(image.root, 'opt/argosy');
    expect((await readdir(app)).toSorted()).toEqual([
      'LICENSE',
      'LICENSES.txt',
      'bin',
      'dist',
      'node_modules',
      'package.json',
      'workflows',
    ]);
    expect(await readdir(join(app, 'node_modules'))).toEqual(['@duckdb', '@electric-sql']);
    expect(await readdir(join(app, 'workflows'))).toContain('fama-french.yaml');
    expect(await readFile(join(app, 'LICENSES.txt'), 'utf8')).toContain('@aws-sdk/client-s3');
    const all = await readdir(app, { recursive: true });
    expect(all.filter((name) => /\.(?:map|ts)$|meta\.json$/.test(name))).toEqual([]);
  });

  it('knows certificate authorities that are valid', async () => {
    const text = await readFile(join(image.root, 'etc/ssl/certs/ca-certificates.crt'), 'utf8');
    const certificates = text.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    expect(certificates.length).toBeGreaterThan(50);
    expect(new X509Certificate(certificates[0] ?? '').ca).toBe(true);
  });

  it('nothing in it can be written by its user but /tmp and /data', async () => {
    const found: string[] = [];
    for (const entry of await readdir(image.root, { recursive: true, withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue;
      const path = join(entry.parentPath, entry.name);
      const { mode, uid } = await stat(path);
      if (uid !== 0 || (mode & 0o022) !== 0) found.push(path.slice(image.root.length));
    }
    expect(found.toSorted()).toEqual(['/data', '/tmp']);
    expect((await stat(image.root)).uid).toBe(0);
  });

  it('tells its version, and without words its help, with no shell and nothing writable but /tmp', async () => {
    expect(await run(['--version'])).toMatchObject({ exitCode: 0, stdout: `${VERSION}\n` });
    const help = await run(image.config.Cmd ?? []);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toContain('argosy [options] [command]');
  });

  it('finds the workflows that it carries, and finds nothing wrong with them', async () => {
    const end = await run(['lint']);
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stderr).toMatch(/^no findings: [1-9]/);
  });

  it('tells by the doctor what it is set to, also where it may write to nothing but /tmp', async () => {
    const end = await run(['doctor', '--json'], { env: { ARGOSY_STORE: 'file:/tmp/store' } });
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stdout).toContain('/tmp/store');
  });

  it('makes an embedded warehouse in half a gigabyte of memory, loads it, and answers from it', async () => {
    const place = { tmp: { sizeBytes: 256 * 2 ** 20 }, memoryBytes: 512 * 2 ** 20, cwd: '/tmp' };
    const end = await run(['run', 'finance', '--sample', '--json'], place);
    expect(end).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(end.stdout)).toMatchObject({ workflow: { phase: 'Succeeded' } });
  }, 120_000);

  pipelineUnderLimits(() => image);
});
