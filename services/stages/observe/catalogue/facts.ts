import type { Dataset, TableObject } from '../../../core/dataset.ts';

/** What lies under one value of the columns by which a dataset is laid out. */
export interface PartitionFacts {
  /** `year=2026/month=1/day=31`, or a day. */
  partition: string;
  rows: number;
  sizeBytes: number | null;
  objects: number;
}

/** What is there of a dataset. Null is what nobody can tell without reading rows. */
export interface DatasetFacts {
  rows: number | null;
  /** True where `rows` is the engine's own estimate. */
  isEstimate?: boolean;
  sizeBytes: number | null;
  objects: number | null;
  /** The newest day of the data, `YYYY-MM-DD`, or its month or hour where it is laid out by these. */
  newest: string | null;
  /** In the order of their values; none where the dataset is not laid out by any. */
  partitions: readonly PartitionFacts[];
  /** When what readers see was last changed, ISO 8601. */
  publishedAt: string | null;
}

/**
 * The column that says how new the data is: the one in whose order rows are kept, else the only date, or the only one in
 * the key. Null where none says it, for the first of several dates may be that of a birth.
 */
export function dayColumnOf({ columns, key = [], sortKey }: Dataset): string | null {
  const kept = columns.find(
    ({ name, type }) => name === sortKey && /^(?:DATE|TIMESTAMP)$/.test(type),
  );
  if (kept !== undefined) return kept.name;
  const dates = columns.filter(({ type }) => type === 'DATE').map(({ name }) => name);
  const keys = dates.filter((name) => key.includes(name));
  const [only, ...others] = keys.length > 0 ? keys : dates;
  return only !== undefined && others.length === 0 ? only : null;
}

const HIVE_FOLDER = /(?:^|\/)([a-z_]\w*=[^/]*)(?=\/)/gi;
const DAY_FOLDER = /(?:^|\/)(\d{4}-\d{2}-\d{2})(?=\/)/;

/** What an object is filed under: as its table says, else by the folders of its key; null where they tell nothing. */
export function partitionOf({ key, partition }: Pick<TableObject, 'key' | 'partition'>) {
  if (partition !== undefined) return partition;
  const folders = Array.from(key.matchAll(HIVE_FOLDER), ([, folder = '']) => folder);
  if (folders.length > 0) return folders.join('/');
  return DAY_FOLDER.exec(key)?.[1] ?? null;
}

/** The objects added up by what they are filed under; those that are filed under nothing are left out. */
export function partitionsOf(objects: readonly TableObject[]): PartitionFacts[] {
  const found = new Map<string, PartitionFacts>();
  for (const object of objects) {
    const partition = partitionOf(object);
    if (partition === null) continue;
    const sum = found.get(partition) ?? { partition, rows: 0, sizeBytes: 0, objects: 0 };
    found.set(partition, {
      partition,
      rows: sum.rows + object.rows,
      sizeBytes: addBytes(sum.sizeBytes, object.sizeBytes),
      objects: sum.objects + 1,
    });
  }
  return [...found.values()]
    .map((facts) => ({ facts, rank: rankOf(facts.partition) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ facts }) => facts);
}

/** The sum of the objects' bytes; null as soon as one of them is not known. */
export function bytesOf(objects: readonly TableObject[]): number | null {
  return objects.reduce<number | null>((sum, { sizeBytes }) => addBytes(sum, sizeBytes), 0);
}

function addBytes(sum: number | null, sizeBytes: number | undefined): number | null {
  return sum === null || sizeBytes === undefined ? null : sum + sizeBytes;
}

/** Numbers in the order of their values: month 2 before month 10. */
function rankOf(partition: string): string {
  return partition.replaceAll(/\d+/g, (digits) => digits.padStart(12, '0'));
}

const DAY = /(?:^|=)(\d{4}-\d{2}-\d{2})(?:$|\/)/;
const PARTS = ['year', 'month', 'day'].map(
  (name) => new RegExp(`(?:^|/)${name}=(\\d{1,4})(?:$|/)`),
);

/** The day that a partition is about, or its month or year; null for one that is not laid out by time. */
export function dayOf(partition: string): string | null {
  const day = DAY.exec(partition)?.[1];
  if (day !== undefined) return day;
  const values = PARTS.map((pattern) => pattern.exec(partition)?.[1]);
  const end = values.indexOf(undefined);
  const known = (end < 0 ? values : values.slice(0, end)).filter((one) => one !== undefined);
  return known.length === 0 ? null : known.map((one) => one.padStart(2, '0')).join('-');
}

/** The newest day among partitions. */
export function newestOf(partitions: readonly PartitionFacts[]): string | null {
  let newest: string | null = null;
  for (const { partition, rows } of partitions) {
    const day = rows > 0 ? dayOf(partition) : null;
    if (day !== null && (newest === null || day > newest)) newest = day;
  }
  return newest;
}
