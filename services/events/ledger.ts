import { type ErrorKind, PipelineError } from '../core/error.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { Arrival } from '../ports/step.ts';
import { arrivalId } from './arrival.ts';

/** That somebody has taken on an arrival; there is one of each version of an object. */
export interface AcceptedRecord extends Arrival {
  /** When it was taken on, or last said to be worked on. ISO text. */
  accepted_at: string;
  /** Which watcher it was. */
  by: string;
}

/** How the run of an arrival ended. */
export interface SettledRecord extends Arrival {
  status: 'success' | 'error';
  run_id: string;
  /** ISO text. */
  settled_at: string;
  error_class: ErrorKind | null;
  error_message: string | null;
  error_hint: string | null;
}

/** What is known of the arrivals of one pipeline: accepted once each, settled when their run has ended. */
export interface Ledger {
  /** True when this call took it on; false when it was taken on before, by whomever. */
  accept(arrival: Arrival, note: { at: Date; by: string }): Promise<boolean>;
  /** Says that it is being worked on at this time, whoever took it on. */
  renew(arrival: Arrival, note: { at: Date; by: string }): Promise<void>;
  settle(record: SettledRecord): Promise<void>;
  accepted(id: string): Promise<AcceptedRecord | null>;
  acceptedIds(): Promise<Set<string>>;
  /** Ids of what needs no run any more; without those that failed when they are to be tried again. */
  settledIds(options: { withFailed: boolean }): Promise<Set<string>>;
}

/** The ledger of a pipeline in the records of its bucket. */
export function openLedger(records: RecordStore, pipeline: string): Ledger {
  const accepted = `arrivals/${pipeline}/accepted`;
  const settled = `arrivals/${pipeline}/settled`;
  return {
    accept: async (arrival, note) => {
      const id = arrivalId(arrival.key, arrival.etag);
      try {
        return await records.putIfAbsent(accepted, id, acceptedRecord(arrival, note));
      } catch (error) {
        if (!(error instanceof PipelineError) || error.kind !== 'commit-unknown') throw error;
        return (await records.get<AcceptedRecord>(accepted, id))?.by === note.by;
      }
    },
    renew: (arrival, note) =>
      records.put(accepted, arrivalId(arrival.key, arrival.etag), acceptedRecord(arrival, note)),
    settle: (record) => records.put(settled, arrivalId(record.key, record.etag), record),
    accepted: (id) => records.get<AcceptedRecord>(accepted, id),
    acceptedIds: () => setOf(records.ids(accepted)),
    settledIds: async ({ withFailed }) => {
      if (withFailed) return setOf(records.ids(settled));
      const ids = new Set<string>();
      for await (const { id, value } of records.scan<SettledRecord>(settled)) {
        if (value.status === 'success') ids.add(id);
      }
      return ids;
    },
  };
}

function acceptedRecord(
  { key, etag, sizeBytes }: Arrival,
  { at, by }: { at: Date; by: string },
): AcceptedRecord {
  return { key, etag, sizeBytes, accepted_at: at.toISOString(), by };
}

async function setOf(ids: AsyncIterable<string>): Promise<Set<string>> {
  const set = new Set<string>();
  for await (const id of ids) set.add(id);
  return set;
}
