import { sha256 } from '../../core/manifest.ts';
import { PipelineError } from '../../core/error.ts';
import {
  type Claim,
  claimsOf,
  damaged,
  type PipelineProofs,
  type VerifyPorts,
} from '../../stages/observe/verify/claim.ts';
import { absence } from '../../stages/observe/verify/losses.ts';
import { type RunRecord, runCollection } from '../../stages/observe/run-record.ts';
import { type CleanManifest, readCleanManifest } from './clean/clean-manifest.ts';
import { rejectsKey } from './clean/transform-report.ts';
import { readExtractManifest } from './extract/extract-manifest.ts';
import { uploadClaims } from './upload/upload-claims.ts';

const PIPELINE = 'finance';
const OWN = /^((?:clean|extracted)\/\d{4}-\d{2}-\d{2}\/(?:manifest|report))-([0-9a-f]{16})\.json$/;
const NEWEST = /^(?:clean|extracted)\/\d{4}-\d{2}-\d{2}\/(?:manifest|report)\.json$/;

/**
 * Landed sources and clean rows, as the manifests of each day name them; manifests and reports, whose keys hold the
 * beginning of their hash.
 */
export const financeProofs: PipelineProofs = { claims, zones: ['extracted/', 'clean/'] };

async function* claims(ports: VerifyPorts): AsyncIterable<Claim> {
  const { store, signal } = ports;
  yield* uploadClaims(ports);
  for (const zone of ['extracted/', 'clean/']) {
    const keys: string[] = [];
    for await (const { key } of store.list(zone, { signal })) keys.push(key);
    const known = new Set(keys);
    const newest = new Set<string>();
    for (const key of keys.filter((one) => NEWEST.test(one))) {
      const own = await ownKeyOf(ports, key);
      // The newest object has the bytes of one of the others, else it is none of ours any more.
      if (own === null) continue;
      newest.add(own);
      const proof = { key, sha256: hashIn(own), namedBy: own, isNeeded: true };
      if (known.has(own)) yield { proof };
      else
        yield damaged(
          key,
          `its bytes are those of no ${own.replace(/-[0-9a-f]+\.json$/, '-….json')}`,
        );
    }
    yield* runClaims(ports, zone);
    for (const key of keys.filter((one) => OWN.test(one))) {
      const pointer = `${OWN.exec(key)?.[1] ?? ''}.json`;
      // Readers begin there.
      if (!known.has(pointer))
        yield { finding: { kind: 'missing', key: pointer, namedBy: key, message: 'it is gone' } };
      yield { proof: { key, sha256: hashIn(key), namedBy: key, isNeeded: true } };
      if (key.includes('/manifest-')) yield* partsOf(ports, key, newest.has(key));
    }
  }
}

/** The manifests that the steps of good runs have left: a zone that is lost as a whole has none of its own any more. */
async function* runClaims({ records, signal }: VerifyPorts, zone: string): AsyncIterable<Claim> {
  const runs = runCollection(PIPELINE);
  for await (const { id, value } of records.scan<RunRecord>(runs, { signal })) {
    const namedBy = `_records/${runs}/${id}.json`;
    yield* await claimsOf(namedBy, () =>
      (value.steps ?? [])
        .map(({ outputs }) => outputs['manifest'] ?? '')
        .filter((key) => key.startsWith(zone) && OWN.test(key))
        .map((key) => ({ proof: { key, sha256: hashIn(key), namedBy, isNeeded: true } })),
    );
  }
}

/** What a manifest names; a day's older manifests may name what was removed since. */
async function* partsOf(
  { store, signal }: VerifyPorts,
  key: string,
  isNeeded: boolean,
): AsyncIterable<Claim> {
  try {
    const clean = key.startsWith('clean/')
      ? (await readCleanManifest(store, key, signal)).manifest
      : null;
    const parts =
      clean === null
        ? (await readExtractManifest(store, key, signal)).manifest.sources
        : cleanParts(clean);
    yield* await claimsOf(key, () =>
      parts.map(({ key: part, sha256: hash }) => ({
        proof: { key: part, sha256: hash, namedBy: key, isNeeded },
      })),
    );
    if (clean !== null && isNeeded)
      yield* await claimsOf(key, () => rejectClaims({ store, signal }, clean, key));
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind !== 'input-invalid') throw error;
    yield damaged(key, 'it is no manifest any more');
  }
}

/** The rows that were refused: that they are there can be told, and no more. */
async function* rejectClaims(
  ports: Pick<VerifyPorts, 'store' | 'signal'>,
  manifest: CleanManifest,
  namedBy: string,
): AsyncIterable<Claim> {
  const { counts, customersCounts } = manifest;
  const rejects = { transactions: counts.rejected, customers: customersCounts.rejected };
  for (const dataset of ['transactions', 'customers'] as const) {
    if (rejects[dataset] === 0) continue;
    const key = rejectsKey(dataset, manifest);
    yield (await absence(ports, key, namedBy)) ?? { unproven: key };
  }
}

function cleanParts({
  transactions,
  customers,
}: Awaited<ReturnType<typeof readCleanManifest>>['manifest']) {
  // A day without rows has an object all the same.
  return [transactions, customers];
}

async function ownKeyOf({ store, signal }: VerifyPorts, key: string): Promise<string | null> {
  const bytes = await store.get(key, { signal });
  if (bytes === null) return null;
  return key.replace(/\.json$/, `-${sha256(bytes).slice(0, 16)}.json`);
}

function hashIn(key: string): string {
  return OWN.exec(key)?.[2] ?? '';
}
