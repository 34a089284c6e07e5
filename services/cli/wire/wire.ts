import { join } from 'node:path';
import { systemClock, systemRandom } from '../../adapters/clock/system.ts';
import { filesystemStore } from '../../adapters/object-store/filesystem.ts';
import { memoryStore } from '../../adapters/object-store/memory.ts';
import { s3Connection } from '../../adapters/object-store/s3-connection.ts';
import { s3Store } from '../../adapters/object-store/s3.ts';
import { duckdbEngine, duckdbVersion } from '../../adapters/query-engine/duckdb.ts';
import { objectRecords } from '../../adapters/record-store/object.ts';
import { deadlineStore } from '../../layers/deadline.ts';
import { type MeteredCall, meterStore } from '../../layers/meter.ts';
import { probePutIfAbsent } from '../../layers/probe.ts';
import { retryStore } from '../../layers/retry.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ObjectStore, OpenBucket } from '../../ports/object-store.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { Counts, Log, StepPorts } from '../../ports/step.ts';
import type { ServePorts } from '../../stages/serve/localise.ts';
import type { BucketName, Config } from '../config/config.ts';
import { credentialsOf } from './credentials.ts';
import { openNotifier } from './notifier.ts';
import { namedByOperator, openSource } from './source.ts';
import { openSourceDatabase, openWarehouse } from './warehouse.ts';

/** Memory that one engine may take before it spills to scratch. */
const ENGINE_BYTES_MAX = 512 * 2 ** 20;
/** Statements of one step that may run beside each other. */
const ENGINE_CONNECTIONS = 4;
/** One call to a store, its transfer apart. */
const STORE_CALL_MS_MAX = 60_000;

/** What the ports of a process have in common. */
export interface Wiring {
  config: Config;
  clock: Clock;
  log: Log;
  /** In [0, 1): spreads the waits between retries. */
  random: () => number;
  /** The folder that relative folders are meant from. */
  cwd: string;
}

export interface PortsRequest {
  pipeline: string;
  /** What the operator gave: hosts of addresses among it may be fetched from even when they are not public. */
  namedUrls: readonly string[];
  scratch: string;
  signal: AbortSignal;
  /** Told of every call to the store, for the metrics. */
  onStoreCall(call: MeteredCall): void;
  progress(counts: Partial<Counts>): void;
  check(name: string, failures: number): void;
  /** Told of each channel that has not taken a notice, for the metrics. */
  onNoticeLost(channel: string): void;
}

export {
  credentialsOf,
  duckdbVersion as engineVersion,
  namedByOperator,
  systemClock,
  systemRandom,
};

/** Configuration to ports: the one place that knows which adapter stands behind which door. */
export function openPorts(
  wiring: Wiring,
  openBucket: OpenBucket,
  request: PortsRequest,
): StepPorts {
  const { clock, config, log } = wiring;
  const { scratch, signal } = request;
  const bucket = openBucket(bucketOf(config, request.pipeline));
  const store = meterStore(bucket, { clock, onCall: (call) => request.onStoreCall(call) });
  const records = objectRecords(store);
  const onLost = (channel: string): void => request.onNoticeLost(channel);
  return {
    store,
    records,
    source: openSource(wiring, request.namedUrls),
    openEngine: engineOpener(signal, scratch),
    sideStore: (name) => openBucket(bucketOf(config, `${request.pipeline}-${name}`)),
    foreignStore: (name) => openBucket(name),
    warehouse: () => openWarehouse(wiring),
    sourceDatabase: () => openSourceDatabase(wiring),
    // Of a store that Athena cannot read, as that of the sample, nothing is told to it.
    ...(config.engine === 'athena' && config.store.kind === 's3'
      ? { catalog: async () => (await import('./athena.ts')).openAthena(wiring, openBucket) }
      : {}),
    settings: {
      environment: config.environment,
      sourceAuthorization: config.sourceAuthorization,
      personSalt: config.personSalt,
      marketApiKey: config.marketApiKey,
      marketSymbols: config.marketSymbols,
    },
    clock,
    notifier: openNotifier(wiring, { records, signal, onLost }),
    log,
    scratch,
    signal,
    progress: (counts) => request.progress(counts),
    check: (name, failures) => request.check(name, failures),
  };
}

/** The ports that answering a query needs. */
export function openServePorts(
  { config, log }: Wiring,
  openBucket: OpenBucket,
  request: { pipeline: string; cache: string; signal: AbortSignal; threads?: number },
): ServePorts {
  const { cache, signal, threads = 1 } = request;
  const store = openBucket(bucketOf(config, request.pipeline));
  return { store, openEngine: engineOpener(signal, cache, threads), log, signal, cache };
}

/** The bucket of a pipeline. */
export function openBucketOf(
  { config }: Wiring,
  openBucket: OpenBucket,
  pipeline: string,
): ObjectStore {
  return openBucket(bucketOf(config, pipeline));
}

/** The records that a pipeline keeps in its bucket. */
export function openRecords(
  { config }: Wiring,
  openBucket: OpenBucket,
  pipeline: string,
): RecordStore {
  return objectRecords(openBucket(bucketOf(config, pipeline)));
}

/** Opens the buckets of the configured store; the same name gives the same bucket. */
export function bucketOpener({ config, clock, log, random }: Wiring): OpenBucket {
  const opened = new Map<string, ObjectStore>();
  const connection = s3Connection({ ...config.s3, credentials: credentialsOf(config) });
  const open = (bucket: string): ObjectStore => {
    if (config.store.kind === 'file')
      return filesystemStore({ folder: config.store.folder, bucket });
    if (config.store.kind === 'mem') return memoryStore({ bucket, clock });
    const limited = deadlineStore(s3Store({ connection, bucket }), {
      clock,
      timeoutMs: STORE_CALL_MS_MAX,
    });
    return retryStore(limited, {
      clock,
      random,
      onRetry: ({ what, attempt, waitMs, error }) =>
        log.warn('store.retry', {
          what,
          attempt,
          waitMs: Math.round(waitMs),
          reason: error.message,
        }),
    });
  };
  return (bucket) => {
    const store = opened.get(bucket) ?? open(bucket);
    opened.set(bucket, store);
    return store;
  };
}

function engineOpener(
  signal: AbortSignal,
  spillFolder: string,
  threads = 1,
): StepPorts['openEngine'] {
  return (folders) =>
    duckdbEngine({
      folders,
      spillFolder: join(spillFolder, '.spill'),
      memoryBytesMax: ENGINE_BYTES_MAX,
      threads,
      connections: ENGINE_CONNECTIONS,
      signal,
    });
}

/** The bucket that a pipeline owns. */
export function bucketOf(config: Config, pipeline: string): string {
  return config.buckets[pipeline as BucketName];
}

/** The bucket's address, once it has shown that put-if-absent holds in it (design F20). */
export async function probeBucket(
  { config, clock }: Wiring,
  openBucket: OpenBucket,
  pipeline: string,
): Promise<string> {
  const store = openBucket(bucketOf(config, pipeline));
  await probePutIfAbsent(store, clock);
  return store.url;
}
