import {
  type Claim,
  claimsOf,
  type PipelineProofs,
  type VerifyPorts,
} from '../../../stages/observe/verify/claim.ts';
import type { FileRecord } from '../door/file-record.ts';
import { newestSet } from '../set/commit-set.ts';
import { CURATED } from '../merge/merge.ts';
import { sha256 } from '../../../core/manifest.ts';
import { CURATED_CATALOGUE, curatedCatalogue } from '../set/refresh.ts';
import { RAW_EXPIRE_DAYS } from './lifecycle.ts';

const DAY_MS = 86_400_000;

/** Raw files and the catalogue of the curated zone; everything else is named by commits. */
export const commerceProofs: PipelineProofs = {
  claims,
  zones: ['processed/', 'curated/', 'quarantine/'],
};

async function* claims(ports: VerifyPorts): AsyncIterable<Claim> {
  const { store, records, signal, now } = ports;
  for await (const { id, value } of records.scan<FileRecord>('files', { signal })) {
    const namedBy = `_records/files/${id}.json`;
    yield* await claimsOf(namedBy, () => [rawClaim(value, namedBy, now)]);
  }
  const set = await newestSet(store, CURATED).catch(() => null);
  if (set === null || (await store.head(CURATED_CATALOGUE, { signal })) === null) return;
  const hash = sha256(curatedCatalogue(set));
  const namedBy = `_commits/${CURATED}`;
  yield { proof: { key: CURATED_CATALOGUE, sha256: hash, namedBy, isNeeded: false } };
}

function rawClaim({ key, isValid, metadata }: FileRecord, namedBy: string, now: Date): Claim {
  const ageDays = (now.getTime() - Date.parse(metadata.last_modified)) / DAY_MS;
  // A refused file may have been taken away by whoever put it.
  const isNeeded = isValid && ageDays < RAW_EXPIRE_DAYS;
  return { proof: { key, sha256: metadata.sha256, namedBy, isNeeded } };
}
