import {
  type Claim,
  claimsOf,
  type PipelineProofs,
  type VerifyPorts,
} from '../../stages/observe/verify/claim.ts';
import { absence } from '../../stages/observe/verify/losses.ts';
import { keptState } from './catalogue-state.ts';
import { MAP_KEY } from './ingestion-map.ts';
import { ARCHIVES, type ArchiveRecord, DOWNLOADS, type DownloadRecord } from './ledger.ts';
import { csvOwners, type CsvOwners } from './supersede.ts';

/** Landed ZIPs, extracted CSVs, the ingestion map and the commits in it; the tables themselves are named by commits. */
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
  const namedBy = '_records/catalogue/map.json';
  const { sha256, commits = [] } = (await keptState(records)) ?? {};
  yield* await claimsOf(namedBy, () => commitNames({ store, signal }, commits, namedBy));
  if (sha256 !== undefined) {
    yield { proof: { key: MAP_KEY, sha256, namedBy, isNeeded: true } };
  } else if ((await store.head(MAP_KEY, { signal })) !== null) yield { unproven: MAP_KEY };
}

/** Commits that are gone, though they are in the map. */
async function* commitNames(
  ports: Pick<VerifyPorts, 'store' | 'signal'>,
  commits: readonly string[],
  namedBy: string,
): AsyncIterable<Claim> {
  for (const key of commits) {
    const gone = await absence(ports, key, namedBy);
    if (gone !== null) yield gone;
  }
}

function proof({ key, sha256 }: { key: string; sha256: string }, namedBy: string): Claim {
  return { proof: { key, sha256, namedBy, isNeeded: true } };
}
