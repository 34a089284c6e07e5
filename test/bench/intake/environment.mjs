import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const BUCKET = 'argosy-csv-intake';
const KEYS = { user: 'argosy-bench', password: 'argosy-bench-4711' };

/**
 * A place in which the pipeline works: its name, the folder and settings that argosy is started with, and how objects
 * get in and out from outside. The bucket is not made yet.
 */
export function folderEnvironment() {
  const home = mkdtempSync(join(tmpdir(), 'argosy-bench-'));
  const pathOf = (key) => join(home, '.argosy/store', BUCKET, key);
  return {
    name: 'folder',
    home,
    env: {},
    put: async (key, text) => {
      mkdirSync(dirname(pathOf(key)), { recursive: true });
      writeFileSync(`${pathOf(key)}.part`, text);
      renameSync(`${pathOf(key)}.part`, pathOf(key));
    },
    get: async (key) => readIfThere(pathOf(key)),
    close: async () => rmSync(home, { recursive: true, force: true }),
  };
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** The same on a MinIO server of its own, on a free loopback port. */
export async function minioEnvironment(program) {
  const home = mkdtempSync(join(tmpdir(), 'argosy-bench-'));
  const [port, consolePort] = [await freePort(), await freePort()];
  const address = ['--address', `127.0.0.1:${port}`];
  const server = spawn(
    program,
    [
      'server',
      join(home, 'data'),
      '--quiet',
      ...address,
      '--console-address',
      `127.0.0.1:${consolePort}`,
    ],
    {
      env: { ...process.env, MINIO_ROOT_USER: KEYS.user, MINIO_ROOT_PASSWORD: KEYS.password },
      stdio: 'ignore',
    },
  );
  const endpoint = `http://127.0.0.1:${port}`;
  const sdk = await import('@aws-sdk/client-s3');
  const credentials = { accessKeyId: KEYS.user, secretAccessKey: KEYS.password };
  const client = new sdk.S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
  });
  await untilAnswered(`${endpoint}/minio/health/ready`);
  return {
    name: 'minio',
    home,
    env: {
      ARGOSY_STORE: 's3:',
      ARGOSY_S3_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: KEYS.user,
      AWS_SECRET_ACCESS_KEY: KEYS.password,
    },
    put: async (Key, Body) =>
      void (await client.send(new sdk.PutObjectCommand({ Bucket: BUCKET, Key, Body }))),
    get: async (Key) => {
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: BUCKET, Key }));
        return await Body.transformToString();
      } catch (error) {
        if (error.name === 'NoSuchKey') return null;
        throw error;
      }
    },
    close: async () => {
      client.destroy();
      const ended = once(server, 'close');
      server.kill('SIGTERM');
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const ANSWER_TRIES_MAX = 300;

async function untilAnswered(url) {
  for (let attempt = 0; attempt < ANSWER_TRIES_MAX; attempt += 1) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}
