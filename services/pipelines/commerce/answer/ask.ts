import { PipelineError } from '../../../core/error.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import { openDatabase } from '../../../stages/serve/database.ts';
import type { ServePorts } from '../../../stages/serve/localise.ts';
import type { NamedQueries } from '../../../stages/serve/named.ts';
import { namedForAthena } from './athena.ts';
import { newestSet } from '../set/commit-set.ts';
import { CURATED_SET } from '../set/shown.ts';
import { commerceDatabase, publishedParts } from './database.ts';
import { askNamed, findNamed, NAMED, type NamedQuery, prepareNamed } from './named.ts';
import { type KeepPartition, partitionOf } from './partition-filter.ts';

/** The named queries of requirements 3.13 over the published tables. */
export const namedQueries: NamedQueries = {
  queries: NAMED,
  async ask(ports, name, asOf) {
    const query = findNamed(name);
    const day = asOf ?? (await newestDay(ports));
    const engine = await openCurated(ports, { asOf: day, queries: [query] });
    try {
      return { asOf: day, result: await askNamed(engine, query, day) };
    } finally {
      await engine.close();
    }
  },
  async translate(ports, name, asOf) {
    const query = findNamed(name);
    const day = asOf ?? (await newestDay(ports));
    return { asOf: day, sql: namedForAthena(query, day) };
  },
};

/** The tables that named queries are asked of. */
const ASKED_TABLES = new Set(['transactions', 'products', 'clickstream']);

/** The curated tables, ready for these queries as of that day, with the partitions that they look back on. */
export async function openCurated(
  ports: ServePorts,
  { asOf, queries }: { asOf: string; queries: readonly NamedQuery[] },
): Promise<QueryEngine> {
  const engine = await openDatabase(
    ports,
    commerceDatabase('local', {
      isWanted: ({ schema, name }) => schema === undefined && ASKED_TABLES.has(name),
      keep: keepDays(asOf, queries),
    }),
  );
  await prepareNamed(engine);
  return engine;
}

/** Days as numbers that compare as they do: 20260131. Months, and what has no day, keep all that may be in them. */
function keepDays(asOf: string, queries: readonly NamedQuery[]): KeepPartition {
  const counts = queries.map(({ dayCount }) => dayCount ?? Infinity);
  const last = Number(asOf.replaceAll('-', ''));
  const first = firstDay(asOf, Math.max(...counts));
  return ({ year, month, day }) => {
    if (year === undefined || month === undefined || day === undefined) return true;
    const own = year * 10_000 + month * 100 + day;
    return own >= first && own <= last;
  };
}

function firstDay(asOf: string, dayCount: number): number {
  if (!Number.isFinite(dayCount)) return 0;
  const moment = new Date(Date.parse(`${asOf}T00:00:00Z`) - (dayCount - 1) * 86_400_000);
  return Number(moment.toISOString().slice(0, 10).replaceAll('-', ''));
}

/** The newest day that has transactions and had come when the tables were made; `not-found` when none are published. */
export async function newestDay({ store }: Pick<ServePorts, 'store'>): Promise<string> {
  const sales = (await publishedParts({ store })).filter(
    ({ attributes }) => attributes['table'] === 'transactions',
  );
  const days = sales.map(({ key }) => {
    const { year = 0, month = 0, day = 0 } = partitionOf(key);
    return [String(year).padStart(4, '0'), pad(month), pad(day)].join('-');
  });
  const asOf = (await newestSet(store, CURATED_SET))?.attributes['as_of'] ?? '9999-12-31';
  const newest = days
    .filter((day) => day <= asOf)
    .toSorted()
    .at(-1);
  if (newest !== undefined) return newest;
  throw new PipelineError('not-found', 'commerce has published no transactions yet', {
    hint: 'argosy run commerce, or argosy run commerce --sample and --sample here too',
  });
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
