import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { PipelineError } from '../../../core/error.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import { allSettled } from '../../shape/settle.ts';
import { commitClaims } from './commit-claims.ts';
import type { Claim, Finding, PipelineProofs, Proof, VerifyPorts } from './claim.ts';
import { lossFindings } from './losses.ts';
import { recordClaims } from './record-claims.ts';
import { tolerantRecords } from './tolerant-records.ts';

const OBJECTS_AT_ONCE = 8;

/** What verifying a pipeline's bucket has come to. */
export interface Verdict {
  /** Objects whose bytes were read and hashed. */
  objects: number;
  bytes: number;
  /** By key. */
  findings: Finding[];
  /** Objects that are named but cannot be proved, for no record holds a hash of them. */
  unproven: string[];
  /** Objects that may be gone, and are. */
  gone: number;
  /** Keys in the zones of the pipeline that nothing names; null when they were not asked for. */
  strays: string[] | null;
}

export interface VerifyOptions {
  withStrays: boolean;
  /** Told as it goes on: objects done, of how many, bytes. */
  progress(done: number, of: number, bytes: number): void;
}

/**
 * Reads every object that a commit or record names and compares its hash with the one that was recorded; nothing is
 * changed. Objects are streamed, a few at a time.
 */
export async function verifyPipeline(
  ports: VerifyPorts,
  proofs: PipelineProofs,
  options: VerifyOptions,
): Promise<Verdict> {
  const { store, signal } = ports;
  const tolerant = { ...ports, records: tolerantRecords(ports.records) };
  const claims = await gather([
    commitClaims(store, signal),
    recordClaims(store, signal),
    proofs.claims(tolerant),
  ]);
  const seen = await readAll(ports, claims.proofs, options);
  const named = new Set([...claims.proofs.keys(), ...claims.unproven]);
  const lost = await lossFindings(tolerant, { zones: proofs.zones, keys: named });
  const findings = [...claims.findings, ...seen.findings, ...lost].toSorted((a, b) =>
    a.key < b.key ? -1 : Number(a.key > b.key),
  );
  const strays = options.withStrays ? await straysOf(ports, proofs.zones, named) : null;
  const { objects, bytes, gone } = seen;
  return { objects, bytes, gone, findings, unproven: claims.unproven, strays };
}

interface Gathered {
  /** All that is said of each object. */
  proofs: Map<string, Proof[]>;
  findings: Finding[];
  unproven: string[];
}

async function gather(sources: readonly AsyncIterable<Claim>[]): Promise<Gathered> {
  const gathered: Gathered = { proofs: new Map(), findings: [], unproven: [] };
  for (const source of sources)
    for await (const claim of source) {
      if ('finding' in claim) gathered.findings.push(claim.finding);
      else if ('unproven' in claim) gathered.unproven.push(claim.unproven);
      else {
        const { key } = claim.proof;
        const known = gathered.proofs.get(key);
        if (known === undefined) gathered.proofs.set(key, [claim.proof]);
        else known.push(claim.proof);
      }
    }
  return gathered;
}

async function readAll(
  { store, signal }: VerifyPorts,
  proofs: ReadonlyMap<string, Proof[]>,
  options: VerifyOptions,
) {
  const seen = { objects: 0, bytes: 0, gone: 0, findings: [] as Finding[] };
  const limit = pLimit(OBJECTS_AT_ONCE);
  const readOne = async (key: string, claims: readonly Proof[]): Promise<void> => {
    signal.throwIfAborted();
    const hashed = await hashOf(store, key, signal);
    if (hashed === null) {
      const needing = claims.find(({ isNeeded }) => isNeeded);
      if (needing === undefined) seen.gone += 1;
      else seen.findings.push(finding('missing', needing, 'it is gone'));
    } else {
      seen.objects += 1;
      seen.bytes += hashed.sizeBytes;
      const wrong = claims.find(({ sha256 }) => !hashed.sha256.startsWith(sha256));
      if (wrong !== undefined) {
        const message = `sha256 is ${hashed.sha256.slice(0, 16)}…, recorded ${wrong.sha256.slice(0, 16)}…`;
        seen.findings.push(finding('changed', wrong, message));
      }
    }
    options.progress(seen.objects + seen.gone, proofs.size, seen.bytes);
  };
  await allSettled([...proofs].map(([key, claims]) => limit(() => readOne(key, claims))));
  return seen;
}

function finding(kind: Finding['kind'], { key, namedBy }: Proof, message: string): Finding {
  return { kind, key, namedBy, message };
}

async function hashOf(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<{ sha256: string; sizeBytes: number } | null> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of await store.open(key, { signal })) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'not-found') return null;
    throw error;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

async function straysOf(
  { store, signal }: VerifyPorts,
  zones: readonly string[],
  named: ReadonlySet<string>,
): Promise<string[]> {
  const strays: string[] = [];
  for (const zone of ['_staging/', ...zones])
    for await (const { key } of store.list(zone, { signal })) if (!named.has(key)) strays.push(key);
  return strays;
}
