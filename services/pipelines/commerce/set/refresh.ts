import type { Commit, Part } from '../../../core/manifest.ts';
import { PipelineError } from '../../../core/error.ts';
import { wholeParameter } from '../../../core/parameter.ts';
import type { Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { registerPublished } from '../../../stages/serve/registration.ts';
import { commerceDatabase } from '../answer/database.ts';
import { newestSet } from './commit-set.ts';
import { DERIVED } from '../merge/derived.ts';
import { FEEDS } from '../feed/feeds.ts';
import { CURATED } from '../merge/merge.ts';
import { FEED_NAMES } from '../door/raw-key.ts';
import { readFeedSets } from './set-tables.ts';

/** What the catalogue says of a curated table: its columns, and where its partitions are. */
export interface CuratedTable {
  name: string;
  columns: readonly { name: string; type: string; description: string }[];
  rows: number;
  sizeBytes: number;
  partitions: readonly { partition: string; rows: number; keys: readonly string[] }[];
}

/** The key of the catalogue of the curated zone. */
export const CURATED_CATALOGUE = '_catalog/curated.json';
const HOUR_MS = 3_600_000;
const SWEPT = ['processed/', 'curated/', 'quarantine/'] as const;

/**
 * Writes the catalogue of the curated zone with every partition (requirements 3.4 step 6, 3.12), and removes parts that
 * no set names any more once no reader can be at them.
 */
export const refresh: Step = {
  name: 'refresh',
  summary: 'Write the catalogue of the curated tables, and remove parts that nothing names',
  parameters: [
    { name: 'keep-hours', description: 'Hours for which a replaced part stays', default: '24' },
  ],
  async run(ports, parameters): Promise<StepResult> {
    const { store, signal } = ports;
    const keepHours = wholeParameter(parameters, 'keep-hours', 1);
    const set = await newestSet(store, CURATED);
    if (set === null)
      throw new PipelineError('not-found', `${store.url}: no curated tables yet`, {
        hint: 'run merge first',
      });
    const tables = tablesOf(set);
    const text = curatedCatalogue(set);
    const stored = await store.get(CURATED_CATALOGUE, { signal });
    const isNew = stored === null || Buffer.compare(stored, text) !== 0;
    if (isNew) await store.put(CURATED_CATALOGUE, text, { signal });
    // Before old parts are removed, so that no engine looks for them.
    await registerPublished(ports, commerceDatabase(ports.settings.environment));
    const removed = await sweep(ports, set, keepHours);
    const partitions = tables.reduce((sum, one) => sum + one.partitions.length, 0);
    return {
      outputs: {
        tables: String(tables.length),
        partitions: String(partitions),
        removed: String(removed),
      },
      counts: { objectsWritten: isNew ? 1 : 0, objectsSkipped: isNew ? 0 : 1 },
      problems: [],
    };
  },
};

/** The catalogue of a curated set, as it is kept: the same set gives the same bytes. */
export function curatedCatalogue(set: Commit): Uint8Array {
  const { version } = set;
  return Buffer.from(`${JSON.stringify({ version, tables: tablesOf(set) }, null, 2)}\n`);
}

function tablesOf({ parts }: Commit): CuratedTable[] {
  const all = [...FEED_NAMES.map((name) => FEEDS[name]), ...DERIVED];
  return all.map(({ name, columns }) => {
    const own = parts.filter(({ attributes }) => attributes['table'] === name);
    return {
      name,
      columns: columns.map((one) => ({
        name: one.name,
        type: one.type,
        description: one.description,
      })),
      rows: own.reduce((sum, { rows }) => sum + rows, 0),
      sizeBytes: own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      partitions: partitionsOf(own),
    };
  });
}

function partitionsOf(parts: readonly Part[]): CuratedTable['partitions'] {
  const found = new Map<string, { rows: number; keys: string[] }>();
  for (const { attributes, rows, key } of parts) {
    const name = attributes['partition'] ?? '';
    const own = found.get(name) ?? { rows: 0, keys: [] };
    own.rows += rows;
    own.keys.push(key);
    found.set(name, own);
  }
  return [...found].map(([partition, own]) => ({ partition, ...own }));
}

/** Removes parts below the three zones that no newest set names and that are older than a reader may take (design A7.7). */
async function sweep(ports: StepPorts, curated: Commit, keepHours: number): Promise<number> {
  const { store, signal, clock } = ports;
  const before = clock.now().getTime() - keepHours * HOUR_MS;
  const sets = await readFeedSets(ports);
  const named = new Set(
    [curated, ...FEED_NAMES.map((name) => sets[name].commit)].flatMap((set) =>
      (set?.parts ?? []).map(({ key }) => key),
    ),
  );
  const stale: string[] = [];
  for (const prefix of SWEPT)
    for await (const { key, lastModified } of store.list(prefix, { signal }))
      if (!named.has(key) && !key.endsWith('.reasons.json') && lastModified.getTime() < before)
        stale.push(key);
  for (const key of stale) await store.delete(key, { signal });
  return stale.length;
}
