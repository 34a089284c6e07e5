import type { ObjectStore } from '../ports/object-store.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { DatabaseRequest } from '../stages/serve/database.ts';
import type { ServePorts } from '../stages/serve/localise.ts';
import { type Session, sideFolder } from './session.ts';
import type { StepHost } from './run/step-host.ts';
import {
  bucketOpener,
  openBucketOf,
  openRecords,
  openServePorts,
  type Wiring,
} from './wire/wire.ts';

/** What the steps of this session share. */
export function openHost(session: Session): StepHost {
  const wiring = wiringOf(session);
  const isInPod = session.io.env['KUBERNETES_SERVICE_HOST'] !== undefined;
  return {
    ...wiring,
    log: session.log,
    openBucket: bucketOpener(wiring),
    metricsFolder: isInPod ? null : sideFolder(session, 'metrics'),
  };
}

/**
 * The ports with which this session answers questions about a pipeline. With more than one thread, sums of floating
 * point numbers may differ in their last digit from one time to the next: for what a reader asks, not for pages.
 */
export function serving(session: Session, pipeline: string, threads = 1): ServePorts {
  const wiring = wiringOf(session);
  const { signal } = session;
  return openServePorts(wiring, bucketOpener(wiring), {
    pipeline,
    cache: sideFolder(session, 'cache'),
    signal,
    threads,
  });
}

/** The bucket of a pipeline. */
export function bucketFor(session: Session, pipeline: string): ObjectStore {
  const wiring = wiringOf(session);
  return openBucketOf(wiring, bucketOpener(wiring), pipeline);
}

/** The records of a pipeline's bucket. */
export function recordsOf(session: Session, pipeline: string): RecordStore {
  const wiring = wiringOf(session);
  return openRecords(wiring, bucketOpener(wiring), pipeline);
}

/** What a pipeline is asked for its tables with; `sql` is the query that they are for. */
export function asking(
  session: Session,
  pipeline: string,
  sql: string | null = null,
): DatabaseRequest {
  return {
    store: bucketFor(session, pipeline),
    records: recordsOf(session, pipeline),
    signal: session.signal,
    sql,
    environment: session.config.environment,
  };
}

/** What the ports of this session have in common. */
export function wiringOf({ config, log, io }: Session): Wiring {
  return { config, log, clock: io.clock, random: io.random, cwd: io.cwd };
}
