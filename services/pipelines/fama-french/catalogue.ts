import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteText } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import { commitKey, sha256 } from '../../core/manifest.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { Problem, Step, StepPorts, StepResult } from '../../ports/step.ts';
import { latestCommits } from '../../stages/shape/publish.ts';
import {
  type CatalogueState,
  currentState,
  keepState,
  listFingerprint,
  mapEtag,
} from './catalogue-state.ts';
import { MAP_COLUMNS, MAP_KEY, type MapRow, mapRows } from './ingestion-map.ts';
import { DATASET } from './ledger.ts';
import { refuseWhenNoneIsRead } from './refused.ts';
import { strayRows } from './stray.ts';

/** Writings of the map before giving up on racing commits; the next run goes on from there. */
const ROUNDS_MAX = 5;

/**
 * Writes the ingestion map (requirements 1.9) from the committed vintages, by one PUT: the act by which readers see
 * a new vintage. A commit that arrives while the map is written is found by looking again after the PUT. Only then is
 * a run refused of which no CSV could be read.
 */
export const catalogue: Step = {
  name: 'catalogue',
  summary: 'Write the ingestion map, which makes committed vintages visible',
  parameters: [],
  async run(ports, _parameters, run) {
    const known = await currentState(ports);
    const result = known ? unchanged(known) : await makeMap(ports);
    ports.check('object-present', result.counts.objectsFailed ?? 0);
    await refuseWhenNoneIsRead(ports, run);
    return result;
  },
};

/** Makes the map, puts it, and looks again, until what it was made from is still what there is. */
async function makeMap(ports: StepPorts): Promise<StepResult> {
  const { store, signal } = ports;
  const engine = await ports.openEngine([ports.scratch]);
  let made: Made | undefined;
  try {
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const listed = await listFingerprint(ports);
      const etag = await mapEtag(ports);
      if (made?.listed === listed && made.etag === etag) return await settle(ports, made);
      const { rows, problems, commits } = await readRows(ports, engine);
      const bytes = await renderMap(engine, ports.scratch, rows);
      const stored = await store.get(MAP_KEY, { signal });
      const hash = sha256(bytes);
      const isThere = stored !== null && sha256(stored) === hash;
      if (isThere)
        return await settle(ports, {
          listed,
          etag,
          rows,
          problems,
          commits,
          sha256: hash,
          bytesWritten: made?.bytesWritten ?? 0,
        });
      const put = await store.put(MAP_KEY, bytes, { signal });
      const bytesWritten = bytes.length;
      made = { listed, etag: put.etag, rows, problems, commits, sha256: hash, bytesWritten };
    }
  } finally {
    await engine.close();
  }
  throw new PipelineError('conflict', `${store.url}/${MAP_KEY}: other runs keep writing the map`, {
    hint: 'run again when they are done: every commit is there, only the map is behind',
  });
}

/** A map, and what it was made from. */
interface Made {
  listed: string;
  etag: string;
  rows: readonly MapRow[];
  problems: Problem[];
  /** Keys of the commits in it. */
  commits: readonly string[];
  sha256: string;
  bytesWritten: number;
}

/** A map with problems is made again by every run, so that every run tells them. */
async function settle(ports: StepPorts, made: Made): Promise<StepResult> {
  const result = resultOf(made.rows, made.problems, made.bytesWritten);
  if (made.problems.length === 0) {
    const { sha256: hash, commits } = made;
    const state = { outputs: result.outputs, objects: made.rows.length, sha256: hash, commits };
    await keepState(ports, made, state);
  }
  return result;
}

function unchanged({ outputs, objects }: CatalogueState): StepResult {
  return { outputs, counts: { objectsRead: objects, objectsSkipped: 1 }, problems: [] };
}

async function readRows(ports: StepPorts, engine: QueryEngine) {
  const { store, signal } = ports;
  const commits = await latestCommits(store, DATASET);
  const stored = new Map<string, ObjectInfo>();
  for await (const info of store.list('transformed_data/', { signal })) stored.set(info.key, info);
  const rows = [...commits.values()].flatMap((commit) => mapRows(commit, stored, store.url));
  const named = new Set([...commits.values()].flatMap(({ parts }) => parts.map(({ key }) => key)));
  const strays = [...stored.values()].filter(
    ({ key }) => !named.has(key) && key.endsWith('.parquet'),
  );
  const stray = await strayRows(ports, engine, strays);
  const problems: Problem[] = rows
    .filter(({ status }) => status !== 'success')
    .map((row) => ({ object: row.file_path, message: hidden(row, stored, store.url) }));
  return {
    rows: [...rows, ...stray.rows].toSorted((a, b) => (a.file_path < b.file_path ? -1 : 1)),
    problems: [...problems, ...stray.problems],
    commits: [...commits.values()].map(({ partition, version }) =>
      commitKey(DATASET, partition, version),
    ),
  };
}

function hidden(row: MapRow, stored: ReadonlyMap<string, ObjectInfo>, url: string): string {
  const isGone = !stored.has(row.file_path.slice(url.length + 1));
  const what = isGone ? 'a committed object is gone' : 'not shown, for its vintage is not whole';
  return `${what}: run again, and the vintage is made from its CSV`;
}

async function renderMap(
  engine: QueryEngine,
  scratch: string,
  rows: readonly MapRow[],
): Promise<Uint8Array> {
  const names = Object.keys(MAP_COLUMNS) as (keyof MapRow)[];
  const path = join(scratch, 'ingestion_map.parquet');
  await engine.run(
    `CREATE OR REPLACE TABLE map (${names.map((name) => `${name} VARCHAR`).join(', ')})`,
  );
  await engine.append(
    'map',
    names.map((name) => ({
      type: 'VARCHAR' as const,
      values: rows.map((row) => String(row[name])),
    })),
  );
  const casts = names.map((name) => `CAST(${name} AS ${MAP_COLUMNS[name]}) AS ${name}`).join(', ');
  await engine.run(
    `COPY (SELECT ${casts} FROM map) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION snappy)`,
  );
  return readFile(path);
}

function resultOf(rows: readonly MapRow[], problems: Problem[], bytesWritten: number) {
  const good = rows.filter(({ status }) => status === 'success');
  const vintages = new Set(good.map(({ ingestion_date }) => ingestion_date)).size;
  const rowCount = good.reduce((sum, { record_count }) => sum + record_count, 0);
  return {
    outputs: { vintages: String(vintages), objects: String(good.length), rows: String(rowCount) },
    counts: {
      objectsRead: rows.length,
      objectsWritten: bytesWritten === 0 ? 0 : 1,
      objectsSkipped: bytesWritten === 0 ? 1 : 0,
      objectsFailed: rows.length - good.length,
      bytesWritten,
    },
    problems,
  };
}
