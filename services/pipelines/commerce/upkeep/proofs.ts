import {
  type Claim,
  claimsOf,
  type PipelineProofs,
  type VerifyPorts,
} from '../../../stages/observe/verify/claim.ts';
import { absence } from '../../../stages/observe/verify/losses.ts';
import { runCollection } from '../../../stages/observe/run-record.ts';
import type { FileRecord } from '../door/file-record.ts';
import { FEED_NAMES, RAW } from '../door/raw-key.ts';
import { ALL, newestSet } from '../set/commit-set.ts';
import { CURATED } from '../merge/merge.ts';
import { PipelineError } from '../../../core/error.ts';
import { type Commit, commitKey, sha256 } from '../../../core/manifest.ts';
import { CURATED_CATALOGUE, curatedCatalogue } from '../set/refresh.ts';
import { shownNow } from '../set/shown.ts';
import { RAW_EXPIRE_DAYS } from './lifecycle.ts';

const DAY_MS = 86_400_000;

/** Raw files, commits, and the catalogue of the curated zone; everything else is named by commits. */
export const commerceProofs: PipelineProofs = {
  claims,
  zones: ['processed/', 'curated/', 'quarantine/'],
};

async function* claims(ports: VerifyPorts): AsyncIterable<Claim> {
  const { store, records, signal, now } = ports;
  const files = new Set<string>();
  for await (const { id, value } of records.scan<FileRecord>('files', { signal })) {
    const namedBy = `_records/files/${id}.json`;
    files.add(namedBy);
    yield* await claimsOf(namedBy, () => [rawClaim(value, namedBy, now)]);
  }
  yield* commitNames(ports);
  yield* fileNames(ports, files);
  const set = await setOf(ports, CURATED);
  if (set === null || (await store.head(CURATED_CATALOGUE, { signal })) === null) return;
  const hash = sha256(curatedCatalogue(set));
  const namedBy = `_commits/${CURATED}`;
  yield { proof: { key: CURATED_CATALOGUE, sha256: hash, namedBy, isNeeded: false } };
}

/** Commits that are gone, as the catalogue, the runs and the curated set name them. */
async function* commitNames(ports: VerifyPorts): AsyncIterable<Claim> {
  const named = new Map<string, string>();
  const name = (dataset: string, version: unknown, namedBy: string): void => {
    const number = Number(version);
    if (Number.isSafeInteger(number) && number > 0)
      named.set(commitKey(dataset, ALL, number), namedBy);
  };
  for await (const { namedBy, version } of runVersions(ports)) name(CURATED, version, namedBy);
  name(CURATED, await catalogueVersion(ports), CURATED_CATALOGUE);
  const set = await setOf(ports, CURATED);
  const namedBy = set === null ? '' : commitKey(CURATED, ALL, set.version);
  for (const [feed, version] of Object.entries(set === null ? {} : shownNow(set)))
    name(feed, version, namedBy);
  for (const [key, by] of named) {
    const gone = await absence(ports, key, by);
    if (gone !== null) yield gone;
  }
}

/** What is asked of a run's record, of which nothing is sure. */
interface WrittenRun {
  status?: string;
  steps?: readonly ({ step?: string; outputs?: Record<string, string> } | null)[];
}

/** The versions that the merges of good runs have shown. */
async function* runVersions({ records, signal }: VerifyPorts) {
  const runs = runCollection('commerce');
  for await (const { id, value } of records.scan<WrittenRun>(runs, { signal })) {
    if (value.status !== 'success' || !Array.isArray(value.steps)) continue;
    const merged = value.steps.find((one) => one?.step === 'merge');
    yield { namedBy: `_records/${runs}/${id}.json`, version: merged?.outputs?.['version'] };
  }
}

/** The version that the catalogue was written for; undefined when it tells none. */
async function catalogueVersion({ store, signal }: VerifyPorts): Promise<unknown> {
  const bytes = await store.get(CURATED_CATALOGUE, { signal });
  if (bytes === null) return undefined;
  // Damage of its bytes is told by its hash.
  return /^\{\s*"version": (\d+)/.exec(Buffer.from(bytes).toString('utf8'))?.[1];
}

/** Records of files that are gone, though rows of the files are in the tables. */
async function* fileNames(ports: VerifyPorts, files: ReadonlySet<string>): AsyncIterable<Claim> {
  for (const feed of FEED_NAMES) {
    const set = await setOf(ports, feed);
    for (const { attributes } of set?.parts ?? []) {
      const source = attributes['source'] ?? '';
      const key = `_records/files/${source.slice(RAW.length)}.json`;
      if (attributes['zone'] !== 'processed' || source === '' || files.has(key)) continue;
      // One that is there cannot be read, which is told.
      const gone = await absence(ports, key, commitKey(feed, ALL, set?.version ?? 0));
      if (gone !== null) yield gone;
    }
  }
}

/** The newest set; null when it is damaged, which is told where all commits are read. */
async function setOf({ store }: VerifyPorts, dataset: string): Promise<Commit | null> {
  try {
    return await newestSet(store, dataset);
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'input-invalid') return null;
    throw error;
  }
}

function rawClaim({ key, isValid, metadata }: FileRecord, namedBy: string, now: Date): Claim {
  const ageDays = (now.getTime() - Date.parse(metadata.last_modified)) / DAY_MS;
  // A refused file may have been taken away by whoever put it.
  const isNeeded = isValid && ageDays < RAW_EXPIRE_DAYS;
  return { proof: { key, sha256: metadata.sha256, namedBy, isNeeded } };
}
