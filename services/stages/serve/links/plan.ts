import { type Dataset, datasetId, type TableObject } from '../../../core/dataset.ts';

/** The years of a table's partitions. */
export interface Years {
  first: number;
  last: number;
}

/** The folder of a table's lists: `_catalog/symlink/<schema>/<table>/`. */
export function linkFolder(schema: string, table: string): string {
  return `_catalog/symlink/${schema}/${table}/`;
}

/**
 * The columns that a table's lists are laid out by. Not the hour: a day is what a feed writes anew as a whole, so that is
 * what has to change at once, and a year of hours would be thousands of folders for a reader to ask for.
 */
export function linkColumns({ partitionBy = [] }: Dataset): readonly string[] {
  return partitionBy.filter((name) => name !== 'hour');
}

/**
 * The lists of a table's objects, by key: one for a table, or one for each folder of its partitions. A list is text, the
 * address of an object a line, in order.
 */
export function plannedLinks(
  dataset: Dataset,
  objects: readonly TableObject[],
  { schema, storeUrl }: { schema: string; storeUrl: string },
): ReadonlyMap<string, string> {
  const folders = new Map<string, string[]>();
  for (const { key } of objects) {
    const folder = `${linkFolder(schema, dataset.name)}${partitionFolder(dataset, key)}`;
    folders.set(folder, [...(folders.get(folder) ?? []), `${storeUrl}/${key}`]);
  }
  return new Map(
    [...folders].map(([folder, urls]) => [
      `${folder}manifest`,
      `${urls.toSorted((a, b) => (a < b ? -1 : 1)).join('\n')}\n`,
    ]),
  );
}

/** The first and last year of each table that is laid out by years, by the folders of its objects. */
export function yearsIn(
  datasets: readonly Dataset[],
  objects: ReadonlyMap<string, readonly TableObject[]>,
): ReadonlyMap<string, Years> {
  const found = new Map<string, Years>();
  for (const dataset of datasets) {
    if (dataset.partitionBy?.includes('year') !== true) continue;
    const years = (objects.get(datasetId(dataset)) ?? []).map(({ key }) =>
      Number(valueIn(key, 'year')),
    );
    const known = years.filter((year) => Number.isInteger(year));
    if (known.length === 0) continue;
    const first = known.reduce((a, b) => Math.min(a, b));
    const last = known.reduce((a, b) => Math.max(a, b));
    // What is published next may be of the next year.
    found.set(datasetId(dataset), { first, last: last + 1 });
  }
  return found;
}

function partitionFolder(dataset: Dataset, key: string): string {
  return linkColumns(dataset)
    .map((name) => `${name}=${valueIn(key, name)}/`)
    .join('');
}

function valueIn(key: string, name: string): string {
  const folder = key.split('/').find((one) => one.startsWith(`${name}=`));
  return folder === undefined ? '__HIVE_DEFAULT_PARTITION__' : folder.slice(name.length + 1);
}
