import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { FreshPart } from '../set/part-file.ts';
import type { Feed } from './feeds.ts';
import type { Shop } from './shop.ts';
import { isOfUnit, textOfUnit, type Unit } from './unit.ts';

/**
 * The table `losers`: rows of the view `keyed` for which another row of the same key stands. Numbers made of the keys are
 * compared first, for they take less time and memory than the keys; keys only of those few rows whose numbers are not
 * alone.
 */
export async function findRepeats(engine: QueryEngine, feed: Feed): Promise<void> {
  const best = feed.winner === 'first' ? 'min' : 'max';
  const id = feed.columns[0];
  const value = id?.tag === 'none' ? quoteIdentifier(id.name) : 'CAST(NULL AS VARCHAR)';
  const columns = [...feed.unitBy.map(quoteIdentifier), 'number', 'source_line', 'place'].join(
    ', ',
  );
  await engine.run(`CREATE OR REPLACE TABLE suspects AS SELECT hash(key) AS code FROM keyed GROUP BY code HAVING count(*) > 1;
    CREATE OR REPLACE TABLE doubled AS SELECT key, ${columns}, ${value} AS id FROM keyed WHERE hash(key) IN (SELECT code FROM suspects);
    CREATE OR REPLACE TABLE losers AS SELECT * EXCLUDE (key, winner)
      FROM (SELECT *, ${best}(place) OVER (PARTITION BY key) AS winner FROM doubled) WHERE place <> winner;
    DROP TABLE suspects; DROP TABLE doubled;`);
}

/** How many rows of a file others stand for, by its key. */
export async function countRepeats(
  engine: QueryEngine,
  sources: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await engine.query('SELECT number, count(*) FROM losers GROUP BY number');
  return new Map(rows.map(([number, count]) => [sources[Number(number)] ?? '', Number(count)]));
}

/** The rows that others stand for, in one file a unit. */
export async function copyRepeats(
  { ports, engine }: Shop,
  feed: Feed,
  { sources, units }: { sources: readonly string[]; units: readonly Unit[] },
): Promise<FreshPart[]> {
  const rule = feed.winner === 'first' ? 'duplicate' : 'superseded';
  const id = quoteIdentifier(feed.columns[0]?.name ?? '');
  const folder = join(ports.scratch, 'repeats');
  await mkdir(folder, { recursive: true });
  await engine.run('CREATE OR REPLACE TABLE sources (number INTEGER, object VARCHAR)');
  await engine.append('sources', [
    { type: 'INTEGER', values: sources.map((_, at) => at) },
    { type: 'VARCHAR', values: [...sources] },
  ]);
  const parts: FreshPart[] = [];
  for (const unit of units.filter(({ repeats }) => repeats > 0)) {
    const name = textOfUnit(unit.values);
    const path = join(folder, `${name}.jsonl`);
    await engine.run(`COPY (SELECT object, source_line AS line, ${quoteText(rule)} AS rule, {${id}: id} AS "values"
      FROM losers JOIN sources USING (number) WHERE ${isOfUnit(feed, unit)} ORDER BY object, line)
      TO ${quoteText(path)} (FORMAT json)`);
    parts.push({
      keyPattern: `quarantine/${feed.name}/repeats/${name}-{hash}.jsonl`,
      path,
      rows: unit.repeats,
      attributes: {
        zone: 'quarantine',
        unit: name,
        rules: JSON.stringify({ [rule]: unit.repeats }),
      },
    });
  }
  return parts;
}
