import type { RecordStore } from '../ports/record-store.ts';
import type { ServePorts } from '../stages/serve/localise.ts';
import { type Session, sideFolder } from './session.ts';
import type { StepHost } from './step-host.ts';
import { bucketOpener, openRecords, openServePorts } from './wire.ts';

/** What the steps of this session share. */
export function openHost(session: Session): StepHost {
  const { config, log, io } = session;
  const wiring = { config, log, clock: io.clock, random: io.random };
  const isInPod = io.env['KUBERNETES_SERVICE_HOST'] !== undefined;
  return {
    ...wiring,
    log,
    openBucket: bucketOpener(wiring),
    metricsFolder: isInPod ? null : sideFolder(session, 'metrics'),
  };
}

/** The ports with which this session answers questions about a pipeline. */
export function serving(session: Session, pipeline: string): ServePorts {
  const { config, log, io, signal } = session;
  const wiring = { config, log, clock: io.clock, random: io.random };
  return openServePorts(wiring, bucketOpener(wiring), {
    pipeline,
    cache: sideFolder(session, 'cache'),
    signal,
  });
}

/** The records of a pipeline's bucket. */
export function recordsOf(session: Session, pipeline: string): RecordStore {
  const { config, log, io } = session;
  const wiring = { config, log, clock: io.clock, random: io.random };
  return openRecords(wiring, bucketOpener(wiring), pipeline);
}
