import { realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { folderEvents } from '../../adapters/bucket-events/folder.ts';
import { folderSetup } from '../../adapters/bucket-events/folder-setup.ts';
import { minioEvents } from '../../adapters/bucket-events/minio.ts';
import type { MinioServer } from '../../adapters/bucket-events/minio-client.ts';
import { pollingEvents, withFallback } from '../../adapters/bucket-events/polling.ts';
import { s3Setup } from '../../adapters/bucket-events/s3-setup.ts';
import { folderStore } from '../../adapters/object-store/filesystem.ts';
import { s3Connection, type S3Connection } from '../../adapters/object-store/s3-connection.ts';
import { PipelineError } from '../../core/error.ts';
import type { BucketEvents } from '../../ports/bucket-events.ts';
import type { BucketSetup } from '../../ports/bucket-setup.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { Config } from '../config/config.ts';
import { makeScratch } from '../run/scratch.ts';
import { bucketOf, credentialsOf, type Wiring } from './wire.ts';

/** How long a file in a folder must stay as it is before it is taken: its writer may be slow. */
const QUIET_MS = 60;

/** How often a server that cannot tell of changes is listed; AWS, where a listing costs money, is only swept. */
const POLL_MS = 2_000;

/** How changes of a pipeline's bucket come to be known. */
export interface Heard {
  /** The bucket's name. */
  bucket: string;
  /** Null: by sweeps alone. */
  events: BucketEvents | null;
  quietMs: number;
}

/** The events of the pipeline's bucket, by the kind of store that is configured. */
export function openBucketEvents(wiring: Wiring, store: ObjectStore, pipeline: string): Heard {
  const { config, clock, random } = wiring;
  const bucket = bucketOf(config, pipeline);
  if (config.store.kind === 'file') {
    const root = join(config.store.folder, bucket);
    return { bucket, events: folderEvents({ root, clock }), quietMs: QUIET_MS };
  }
  const server = config.store.kind === 's3' ? minioServer(config) : null;
  if (server === null) return { bucket, events: null, quietMs: 0 };
  const polling = pollingEvents({ store, clock, everyMs: POLL_MS });
  const events = withFallback(minioEvents({ server, bucket, clock, random }), polling, { clock });
  return { bucket, events, quietMs: 0 };
}

/** What makes buckets in the configured store. */
export function openBucketSetup({ config }: Wiring): BucketSetup {
  if (config.store.kind === 'file') return folderSetup(config.store.folder);
  if (config.store.kind === 'mem') {
    throw new PipelineError('unsupported', 'a store in memory has nothing to set up', {
      hint: 'set ARGOSY_STORE to file:PATH or s3:',
    });
  }
  const { region } = config.s3;
  return s3Setup({ connection: connectionOf(config), region, server: minioServer(config) });
}

/** A folder in which files are dropped. */
export interface Drop {
  /** With all links followed. */
  path: string;
  /** The folder as a store; folders in it that may not be read are told and left out. */
  openStore(onTrouble: (key: string, error: PipelineError) => void): ObjectStore;
  events: BucketEvents;
  quietMs: number;
}

/** Opens a folder to take files from; `config-invalid` when it is none, or is the bucket itself. */
export async function openDrop(wiring: Wiring, pipeline: string, folder: string): Promise<Drop> {
  const { config, clock, cwd } = wiring;
  const stats = await stat(resolve(cwd, folder)).catch(() => null);
  if (stats?.isDirectory() !== true) {
    throw new PipelineError('config-invalid', `--dir ${folder} is not a folder`, {
      hint: `make it first: mkdir -p ${folder}`,
    });
  }
  const path = await realpath(resolve(cwd, folder));
  if (config.store.kind === 'file') {
    const root = join(config.store.folder, bucketOf(config, pipeline));
    const bucket = await realpath(root).catch(() => root);
    if (
      `${path}${sep}`.startsWith(`${bucket}${sep}`) ||
      `${bucket}${sep}`.startsWith(`${path}${sep}`)
    ) {
      throw new PipelineError('config-invalid', `--dir ${folder} and the bucket hold each other`, {
        hint: 'leave --dir out: what is put into the bucket itself is watched without it',
      });
    }
  }
  const events = folderEvents({ root: path, clock });
  const openStore: Drop['openStore'] = (onTrouble) =>
    folderStore(path, {
      onUnreadable: (prefix, cause) => {
        const message = `${prefix} may not be read`;
        const hint = 'give the user who runs argosy the right to read it';
        onTrouble(prefix, new PipelineError('denied', message, { cause, hint }));
      },
    });
  return { path, openStore, events, quietMs: QUIET_MS };
}

/** An empty folder for copies, below the scratch folder. */
export function makeLandingScratch({ config }: Wiring): Promise<string> {
  return makeScratch(config.scratchFolder, 'landing');
}

/** The server for MinIO's own client; null on AWS, which has no endpoint and none of what that client is for. */
function minioServer(config: Config): MinioServer | null {
  const { endpoint, region, isPathStyle } = config.s3;
  if (endpoint === undefined) return null;
  const connection = connectionOf(config);
  const credentials = async () => (await connection.client()).config.credentials();
  return { endpoint, region, isPathStyle, credentials };
}

function connectionOf(config: Config): S3Connection {
  return s3Connection({ ...config.s3, credentials: credentialsOf(config) });
}
