import { type Claim, claimsOf, type VerifyPorts } from '../../../stages/observe/verify/claim.ts';
import { outputKeyOf, uploadId } from './arrivals.ts';
import type { UploadRecord } from './upload-ledger.ts';

const VERSIONS = 'uploads';
const NEWEST = 'upload-newest';

/**
 * Outputs of the event path, in the processed bucket: that of each upload's newest version has to be there. Its bytes
 * have no hash in the record.
 */
export async function* uploadClaims(ports: VerifyPorts): AsyncIterable<Claim> {
  const { records, signal } = ports;
  for await (const { id, value } of records.scan<UploadRecord>(VERSIONS, { signal })) {
    const namedBy = `_records/${VERSIONS}/${id}.json`;
    yield* await claimsOf(namedBy, () => outputClaims(ports, value, namedBy));
  }
}

async function* outputClaims(
  ports: VerifyPorts,
  { source_key: source, etag, output_file: output }: UploadRecord,
  namedBy: string,
): AsyncIterable<Claim> {
  const { records, signal } = ports;
  const newest = await records.get<{ etag: string }>(NEWEST, uploadId(source), { signal });
  if (output === null || newest?.etag !== etag) return;
  const store = ports.sideStore('processed');
  const key = outputKeyOf(source);
  const isThere = (await store.head(key, { signal })) !== null;
  const message = `it is gone from ${store.url}`;
  if (isThere) yield { unproven: `${store.url}/${key}` };
  else yield { finding: { kind: 'missing', key, namedBy, message } };
}
