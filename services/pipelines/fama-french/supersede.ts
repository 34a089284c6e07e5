import type { ArchiveRecord } from './ledger.ts';

/** A landed ZIP: its key and the link that it came from. */
type Landed = Pick<ArchiveRecord, 'key' | 'url'>;

/** The ZIP that each CSV comes from, by the key of the CSV. */
export type CsvOwners = Map<string, Landed>;

/**
 * Two ZIPs that map to one name: the newest download wins (requirements 1.4). Keys of ZIPs hold the day of the
 * download; among those of one day the key decides, so that every run comes to the same winner.
 */
export function compareArchives(a: string, b: string): number {
  const rank = (key: string) => `${/_(\d{8})_/.exec(key)?.[1] ?? ''} ${key}`;
  return rank(a) < rank(b) ? -1 : Number(a !== b);
}

/** Which ZIP each CSV comes from, by what earlier runs extracted. */
export function csvOwners(records: Iterable<ArchiveRecord>): CsvOwners {
  const owners: CsvOwners = new Map();
  for (const { key, url, csvs } of records) {
    for (const csv of csvs) {
      const owner = owners.get(csv.key);
      if (!owner || compareArchives(owner.key, key) <= 0) owners.set(csv.key, { key, url });
    }
  }
  return owners;
}

/**
 * True when the CSV of this ZIP comes from a newer one. What a link gives now is never older than what it gave
 * before, whatever the keys say: a site may take a correction back on the same day.
 */
export function isOutdated(archive: Landed, owner: Landed | undefined): boolean {
  return (
    owner !== undefined && owner.url !== archive.url && compareArchives(owner.key, archive.key) > 0
  );
}
