import { createHash } from 'node:crypto';
import { sha256 } from '../../core/manifest.ts';
import {
  type Claim,
  claimsOf,
  damaged,
  type PipelineProofs,
} from '../../stages/observe/verify/claim.ts';
import type { VerifyPorts } from '../../stages/observe/verify/claim.ts';
import { absence } from '../../stages/observe/verify/losses.ts';
import { FILES, VERSIONS } from './ledger.ts';
import { encodeSummary, type FileRecord, recordOf, type Summary } from './summary.ts';
import { PROCESSED, versionId } from './upload.ts';

/**
 * Summaries, from the records of the versions that they show; and uploads, where the store's etag is the MD5 of the bytes
 * (S3 and MinIO, for what was not sent in parts). A folder's etags say nothing of the bytes.
 */
export const csvIntakeProofs: PipelineProofs = { claims, zones: [PROCESSED] };

async function* claims(ports: VerifyPorts): AsyncIterable<Claim> {
  const { records, signal } = ports;
  const files = new Set<string>();
  for await (const { id, value } of records.scan<FileRecord>(FILES, { signal })) {
    const namedBy = `_records/${FILES}/${id}.json`;
    files.add(namedBy);
    yield* await claimsOf(namedBy, () => fileClaims(ports, value, namedBy));
  }
  yield* fileNames(ports, files);
}

/** Records of files that are gone, though those of their versions are there; a run that was killed leaves one so, too. */
async function* fileNames(ports: VerifyPorts, files: ReadonlySet<string>): AsyncIterable<Claim> {
  const named = new Map<string, string>();
  for await (const id of ports.records.ids(VERSIONS, { signal: ports.signal })) {
    const key = `_records/${FILES}/${id.slice(0, id.lastIndexOf('/'))}.json`;
    if (!files.has(key)) named.set(key, `_records/${VERSIONS}/${id}.json`);
  }
  for (const [key, namedBy] of named) {
    const gone = await absence(ports, key, namedBy);
    if (gone !== null) yield gone;
  }
}

async function* fileClaims(
  ports: VerifyPorts,
  value: FileRecord,
  namedBy: string,
): AsyncIterable<Claim> {
  const version = versionId(value.file_name, value.etag);
  const versionKey = `_records/${VERSIONS}/${version}.json`;
  const summary = await ports.records.get<Summary>(VERSIONS, version, { signal: ports.signal });
  if (summary === null) {
    yield { finding: { kind: 'missing', key: versionKey, namedBy, message: 'it is gone' } };
    return;
  }
  if (JSON.stringify(value) !== JSON.stringify(recordOf(summary)))
    yield damaged(namedBy, `it does not say what ${versionKey} says`);
  const hash = sha256(encodeSummary(summary));
  yield { proof: { key: value.summary_key, sha256: hash, namedBy: versionKey, isNeeded: true } };
  yield* uploadClaim(ports, value, namedBy);
}

/** An upload that is gone, or has become another one, is no damage: summaries outlive their files. */
async function* uploadClaim(
  { store, signal }: VerifyPorts,
  { source_key: key, etag, size_bytes: size }: FileRecord,
  namedBy: string,
): AsyncIterable<Claim> {
  const info = await store.head(key, { signal });
  if (info === null || info.etag !== etag || info.sizeBytes !== size) return;
  const md5 = /^"?([0-9a-f]{32})"?$/.exec(etag)?.[1];
  if (md5 === undefined) {
    yield { unproven: key };
    return;
  }
  const hash = createHash('md5');
  for await (const chunk of await store.open(key, { signal })) hash.update(chunk);
  const found = hash.digest('hex');
  if (found === md5) return;
  const message = `MD5 is ${found}, the store says ${md5}`;
  yield { finding: { kind: 'changed', key, namedBy, message } };
}
