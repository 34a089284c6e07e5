import {
  type Claim,
  claimsOf,
  type PipelineProofs,
  type VerifyPorts,
} from '../../stages/observe/verify/claim.ts';
import { keptMapHash } from './catalogue-state.ts';
import { MAP_KEY } from './ingestion-map.ts';
import { ARCHIVES, type ArchiveRecord, DOWNLOADS, type DownloadRecord } from './ledger.ts';
import { csvOwners, type CsvOwners } from './supersede.ts';

/** Landed ZIPs, extracted CSVs and the ingestion map; the tables themselves are named by commits. */
export const famaFrenchProofs: PipelineProofs = {
  claims,
  zones: ['raw_data/', 'transformed_data/'],
};

async function* claims({ store, records, signal }: VerifyPorts): AsyncIterable<Claim> {
  for await (const { id, value } of records.scan<DownloadRecord>(DOWNLOADS, { signal })) {
    const namedBy = `_records/${DOWNLOADS}/${id}.json`;
    const { archive } = value;
    yield* await claimsOf(namedBy, () => (archive === undefined ? [] : [proof(archive, namedBy)]));
  }
  const archives: { id: string; value: ArchiveRecord }[] = [];
  for await (const one of records.scan<ArchiveRecord>(ARCHIVES, { signal })) archives.push(one);
  const whole = archives.filter(({ value }) => Array.isArray(value.csvs));
  const owners = csvOwners(whole.map(({ value }) => value));
  for (const { id, value } of archives) {
    const namedBy = `_records/${ARCHIVES}/${id}.json`;
    yield* await claimsOf(namedBy, () => archiveClaims(value, owners, namedBy));
  }
  yield* mapClaim({ store, records, signal });
}

function* archiveClaims(value: ArchiveRecord, owners: CsvOwners, namedBy: string): Iterable<Claim> {
  // Of a ZIP that was too large to be read there is no hash.
  if (value.sha256 === '') yield { unproven: value.key };
  else yield proof(value, namedBy);
  for (const csv of value.csvs)
    if (owners.get(csv.key)?.key === value.key) yield proof(csv, namedBy);
}

async function* mapClaim({
  store,
  records,
  signal,
}: Pick<VerifyPorts, 'store' | 'records' | 'signal'>): AsyncIterable<Claim> {
  const sha256 = await keptMapHash(records);
  if (sha256 !== null) {
    const namedBy = '_records/catalogue/map.json';
    yield { proof: { key: MAP_KEY, sha256, namedBy, isNeeded: true } };
  } else if ((await store.head(MAP_KEY, { signal })) !== null) yield { unproven: MAP_KEY };
}

function proof({ key, sha256 }: { key: string; sha256: string }, namedBy: string): Claim {
  return { proof: { key, sha256, namedBy, isNeeded: true } };
}
