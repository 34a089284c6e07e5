import { datasetId } from '../../core/dataset.ts';
import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import type { ServePorts } from '../../stages/serve/localise.ts';
import type { Database } from '../../stages/serve/database.ts';
import { athenaDdl, offeredOn } from '../../stages/serve/ddl/athena.ts';
import { duckdbDdl } from '../../stages/serve/ddl/duckdb.ts';
import { relationalDdl } from '../../stages/serve/ddl/relational.ts';
import { trinoDdl } from '../../stages/serve/ddl/trino.ts';
import { yearsIn } from '../../stages/serve/links/plan.ts';
import { findDatabase, findWing } from '../commands.ts';
import { asking, serving } from '../host.ts';
import type { Session } from '../session.ts';

const ENGINES = ['athena', 'trino', 'duckdb', 'postgres', 'redshift'] as const;
type Engine = (typeof ENGINES)[number];

/** What defines a pipeline's tables in an engine. */
export interface Definitions {
  statements: readonly string[];
  /** What a reader of them should know. */
  notes: readonly string[];
}

/** The engine of this name; `config-invalid` with the nearest when there is none. */
export function checkedEngine(name: string): Engine {
  const found = ENGINES.find((one) => one === name);
  if (found !== undefined) return found;
  const near = nearest(name, ENGINES);
  throw new PipelineError('config-invalid', `--ddl ${name}: no such engine`, {
    hint: `${near === undefined ? '' : `did you mean ${near}? `}Known: ${ENGINES.join(', ')}`,
  });
}

/** The statements that define the tables and views of a pipeline in an engine, from its dataset definitions. */
export async function definitionsOf(
  session: Session,
  pipeline: string,
  engine: Engine,
): Promise<Definitions> {
  if (engine === 'postgres' || engine === 'redshift') return inWarehouse(session, pipeline, engine);
  if (findWing(pipeline).database === undefined)
    return {
      statements: [],
      notes: [`${pipeline} has no tables of objects: its tables are in the warehouse`],
    };
  const ports = serving(session, pipeline);
  const database = await findDatabase(pipeline, asking(session, pipeline));
  if (offeredOn(database.datasets).length === 0)
    return {
      statements: [],
      notes: [`${pipeline} is not offered there: its tables are no Parquet`],
    };
  const left = leftOut(database);
  const objects = await database.objects(ports, null);
  if (engine === 'duckdb')
    return { statements: duckdbDdl(database, objects, ports.store.url), notes: left };
  const { storeUrl, notes } = addressesOf(ports);
  const years = yearsIn(database.datasets, objects);
  const statements = athenaDdl({ database, storeUrl, years });
  if (engine === 'athena')
    return { statements, notes: [...notes, ...left, listsOf(session, pipeline)] };
  return { statements: statements.flatMap(inTrino), notes: [...notes, ...left] };
}

/** What is read from other files than Parquet while a query runs has no definition elsewhere. */
function leftOut({ name, datasets }: Database): string[] {
  const offered = new Set(offeredOn(datasets));
  const others = datasets.filter((one) => !offered.has(one)).map(datasetId);
  return others.length === 0
    ? []
    : [`${name}: not offered, for they are no Parquet: ${others.join(', ')}`];
}

async function inWarehouse(
  session: Session,
  pipeline: string,
  dialect: 'postgres' | 'redshift',
): Promise<Definitions> {
  const wing = findWing(pipeline);
  const loaded = await wing.warehouse?.();
  if (loaded !== undefined) return { statements: relationalDdl(loaded, { dialect }), notes: [] };
  const database: Database = await findDatabase(pipeline, asking(session, pipeline));
  const offered = offeredOn(database.datasets);
  if (offered.length === 0)
    return { statements: [], notes: [`${pipeline} loads nothing into the warehouse`] };
  const statements = relationalDdl(offered, { dialect, schema: database.name });
  const note = `${pipeline} loads nothing into the warehouse: these are tables to copy its objects to`;
  return { statements, notes: [note] };
}

/** Athena reads S3 alone: for another store the addresses are those of a bucket of the same name. */
function addressesOf({ store }: ServePorts): { storeUrl: string; notes: string[] } {
  if (store.url.startsWith('s3://')) return { storeUrl: store.url, notes: [] };
  const storeUrl = `s3://${store.url.slice(store.url.lastIndexOf('/') + 1)}`;
  return { storeUrl, notes: [`${store.url} is no S3: the addresses are those of ${storeUrl}`] };
}

function listsOf({ self }: Session, pipeline: string): string {
  return `the lists of objects that these read are written by ${self} setup ${pipeline} --engine athena`;
}

function inTrino(athena: string): string[] {
  const { sql, isLinked } = trinoDdl(athena);
  if (sql === '') return [];
  if (!isLinked) return [sql];
  const name = /EXISTS (\S+)/.exec(sql)?.[1] ?? '';
  return [
    `-- ${name} is a table of lists of objects, which Trino reads and has no words for:\n` +
      '-- define it by the statement of --ddl athena in the metastore (Glue or Hive) that Trino uses.',
  ];
}
