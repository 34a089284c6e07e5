import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { quoteText } from '../../../core/column.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { PARQUET } from '../feed/process-file.ts';
import { partsBelow } from '../set/copied-parts.ts';
import type { Derived } from './derived.ts';
import type { DerivedParts, Workshop } from './workshop.ts';

/** Each takes a core. */
const DAYS_AT_ONCE = 4;
/** The attribute of a part that tells what it was made of. */
const INPUTS = 'inputs';

/** A partition of a table. */
export interface Day {
  /** `year=2026/month=1/day=5`. */
  partition: string;
  /** Made of the same, it has the same rows in the same order. */
  inputs: string;
  /** Its rows. */
  sql: string;
}

/** One file for each day that is not among the parts of the set before as it would be made, below the folder. */
export async function copyDays(
  { engine, before }: Workshop,
  { name }: Derived,
  { folder, days }: { folder: string; days: readonly Day[] },
): Promise<DerivedParts> {
  const inputs = new Map(days.map((day) => [day.partition, day.inputs]));
  const kept = before.filter(
    ({ attributes }) =>
      attributes['table'] === name &&
      attributes[INPUTS] !== undefined &&
      attributes[INPUTS] === inputs.get(attributes['partition'] ?? ''),
  );
  const known = new Set(kept.map(({ attributes }) => attributes['partition']));
  const limit = pLimit(DAYS_AT_ONCE);
  const copy = async ({ partition, sql }: Day): Promise<void> => {
    const target = join(folder, partition);
    await mkdir(target, { recursive: true });
    await engine.run(`COPY (${sql}) TO ${quoteText(join(target, 'data.parquet'))} (${PARQUET})`);
  };
  const changed = days.filter(({ partition }) => !known.has(partition));
  await allSettled(changed.map((day) => limit(() => copy(day))));
  const fresh = await partsBelow(engine, folder, (partition, path) => ({
    keyPattern: `curated/${name}/${partition}/part-{hash}.parquet`,
    attributes: { zone: 'curated', table: name, partition, [INPUTS]: inputs.get(partition) ?? '' },
    path,
  }));
  return { fresh, kept };
}
