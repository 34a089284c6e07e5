import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import {
  s3Connection,
  type S3Connection,
} from '../../services/adapters/object-store/s3-connection.ts';
import { secret } from '../../services/core/secret.ts';
import { freePort } from './free-port.ts';
import { findProgram, type Component } from './require-component.ts';
import { tempFolder } from './temp-folder.ts';

/** A real S3-compatible server of the test's own, with its data in a temporary folder. */
export interface S3Server {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  pid: number;
  connection: S3Connection;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

const ACCESS_KEY = 'argosy-test';
const SECRET_KEY = 'argosy-test-secret-4711';
const START_MS_MAX = 30_000;

/** MinIO's server program, where it is. */
export function minioProgram(): Component {
  return findProgram(
    'minio',
    'MINIO_BIN',
    'go install github.com/minio/minio@latest, or set MINIO_BIN',
  );
}

/** versitygw's program, where it is. */
export function versitygwProgram(): Component {
  return findProgram(
    'versitygw',
    'VERSITYGW_BIN',
    'go install github.com/versity/versitygw/cmd/versitygw@latest, or set VERSITYGW_BIN',
  );
}

/** Starts MinIO on a free loopback port; `env` adds to its settings, with FOLDER for a folder of its own. */
export function startMinio(program: string, env: Record<string, string> = {}): Promise<S3Server> {
  return startServer(program, async (folder) => {
    const more = Object.entries(env).map(([name, value]) => [
      name,
      value.replace('FOLDER', folder),
    ]);
    const [port, consolePort] = [await freePort(), await freePort()];
    const args = ['server', folder, '--quiet', '--address', `127.0.0.1:${port}`];
    return {
      port,
      args: [...args, '--console-address', `127.0.0.1:${consolePort}`],
      env: {
        MINIO_ROOT_USER: ACCESS_KEY,
        MINIO_ROOT_PASSWORD: SECRET_KEY,
        MINIO_BROWSER: 'off',
        ...(Object.fromEntries(more) as Record<string, string>),
      },
    };
  });
}

/** Starts versitygw, which keeps objects as files, on a free loopback port. */
export function startVersitygw(program: string): Promise<S3Server> {
  return startServer(program, async (folder) => {
    const port = await freePort();
    const data = join(folder, 'data');
    await mkdir(data);
    return {
      port,
      args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', data],
      env: { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
    };
  });
}

interface Launch {
  port: number;
  args: string[];
  env: Record<string, string>;
}

async function startServer(
  program: string,
  plan: (folder: string) => Promise<Launch>,
): Promise<S3Server> {
  const folder = await tempFolder();
  const { port, args, env } = await plan(folder.path);
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const endpoint = `http://127.0.0.1:${port}`;
  const connection = s3Connection({
    endpoint,
    region: 'us-east-1',
    isPathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: secret(SECRET_KEY) },
  });
  const stop = async (): Promise<void> => {
    await connection[Symbol.asyncDispose]();
    await end(child);
    await folder.remove();
  };
  try {
    await untilAnswering(connection, child);
  } catch (cause) {
    await stop();
    throw new Error(`${program} did not start: ${said.join('')}`, { cause });
  }
  return {
    endpoint,
    accessKeyId: ACCESS_KEY,
    secretAccessKey: SECRET_KEY,
    pid: child.pid ?? -1,
    connection,
    createBucket: (name) => createBucket(connection, name),
    stop,
  };
}

async function createBucket(connection: S3Connection, name: string): Promise<void> {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  const client = await connection.client();
  await client.send(new CreateBucketCommand({ Bucket: name }));
}

/** A server of another program has no clock of ours: it is asked until it answers. */
async function untilAnswering(connection: S3Connection, child: ChildProcess): Promise<void> {
  const { ListBucketsCommand } = await import('@aws-sdk/client-s3');
  const client = await connection.client();
  const pauseMs = 100;
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    try {
      await client.send(new ListBucketsCommand({}));
      return;
    } catch (error) {
      if (waitedMs > START_MS_MAX) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
