import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quoteIdentifier, quoteTable, quoteText } from '../../../core/column.ts';
import { type Dataset, datasetId } from '../../../core/dataset.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { Attachment, Database, DatabaseRequest } from '../../../stages/serve/database.ts';
import type { ServePorts } from '../../../stages/serve/localise.ts';
import { type FileRecord, fileRecords } from '../door/file-record.ts';
import { FEED_NAMES, type FeedName } from '../door/raw-key.ts';
import { FEEDS } from '../feed/feeds.ts';
import { batchesOf } from '../feed/process-batch.ts';
import { firstLines, LINES_OF_FILE, readablePath, sourceSql } from '../feed/source-view.ts';
import { schemaOf } from './database.ts';

type Request = Pick<DatabaseRequest, 'environment' | 'sql' | 'records' | 'signal'>;

/** What the engine takes for a pattern in a path. */
const PATTERN = /[*?[\]]/;

/**
 * The database with `raw_{environment}` too (requirements 3.2): the rows of all accepted files as they came, each cell a
 * text, with the object and the line that they are of. Only feeds that the query names there are read, and then as a whole.
 */
export function withRaw(database: Database, request: Request): Database {
  const { environment, sql } = request;
  const own = rawDatasets(environment);
  const named = FEED_NAMES.filter((name) => isNamed(name, sql));
  const withRows: Database = {
    ...database,
    datasets: [...database.datasets, ...own],
    async learn(ports) {
      const known = new Map(await database.learn?.(ports));
      for (const [at, name] of FEED_NAMES.entries()) {
        const table = own[at];
        if (table !== undefined) known.set(datasetId(table), await knownOf(request, name));
      }
      return known;
    },
  };
  if (named.length === 0) return withRows;
  // Files come without a publish: nothing tells when an answer of their rows is another one.
  delete withRows.publishedUnder;
  return { ...withRows, attachment: (ports) => attachmentOf(ports, request, named) };
}

function isNamed(name: FeedName, sql: string | null): boolean {
  return sql !== null && new RegExp(String.raw`\braw_\w+"?\s*\.\s*"?${name}\b`, 'i').test(sql);
}

function rawDatasets(environment: string): Dataset[] {
  return FEED_NAMES.map((name) => {
    const { required, optional, columns } = FEEDS[name];
    const tagOf = (column: string): string =>
      columns.find((one) => one.name === column)?.tag ?? 'none';
    return {
      schema: schemaOf('raw', environment),
      name,
      kind: 'view',
      description: `Rows of every accepted file of ${name} as they came, with what they tell of persons`,
      columns: [
        ...[...required, ...optional].map((column) => ({
          name: column,
          type: 'VARCHAR' as const,
          description: 'As the file has it',
          tag: tagOf(column),
        })),
        {
          name: 'file',
          type: 'VARCHAR',
          description: 'The object that the row is of',
          tag: 'none',
        },
        { name: 'line', type: 'BIGINT', description: 'Where it is there, from 1', tag: 'none' },
      ],
      location: `raw/${name}/`,
      key: ['file', 'line'],
      from: [`source:raw/${name}`],
    };
  });
}

async function acceptedOf(request: Request, name: FeedName): Promise<readonly FileRecord[]> {
  const records = await fileRecords(request, name);
  return records.filter(({ isValid, isGone }) => isValid && isGone !== true);
}

async function knownOf(request: Request, name: FeedName) {
  const files = await acceptedOf(request, name);
  const sum = (of: (file: FileRecord) => number): number =>
    files.reduce((total, file) => total + of(file), 0);
  return {
    rows: sum(({ metadata }) => metadata.rows),
    newest:
      files
        .map(({ date }) => date)
        .toSorted()
        .at(-1) ?? null,
    sizeBytes: sum(({ metadata }) => metadata.size_bytes),
    objects: files.length,
  };
}

async function attachmentOf(
  ports: ServePorts,
  request: Request,
  named: readonly FeedName[],
): Promise<Attachment> {
  const feeds = new Map<FeedName, readonly FileRecord[]>();
  for (const name of named) feeds.set(name, await acceptedOf(request, name));
  const files = [...feeds.values()].flat();
  await ports.opening?.(
    files.map(({ key, metadata }) => ({ key, sizeBytes: metadata.size_bytes })),
  );
  const paths = new Map<string, string>();
  for (const file of files) paths.set(file.key, await pathOf(ports, file));
  ports.opened?.(paths);
  return {
    folders: [...new Set([...paths.values()].map((path) => dirname(path)))],
    async attach(engine) {
      const schema = schemaOf('raw', request.environment);
      for (const [name, records] of feeds) {
        const select = await selectOf(engine, name, { records, paths });
        await engine.run(`CREATE VIEW ${quoteTable(`${schema}.${name}`)} AS ${select}`);
      }
    },
  };
}

/** Where the file can be read: where it lies, or unpacked and with commas in the cache. */
async function pathOf(ports: ServePorts, record: FileRecord): Promise<string> {
  const { store, signal, cache } = ports;
  const kept = join(cache, 'raw', record.metadata.sha256);
  if (existsSync(kept)) return kept;
  await mkdir(join(cache, 'raw'), { recursive: true });
  const scratch = await mkdtemp(join(cache, 'raw-'));
  try {
    const path = await readablePath({ store, signal, scratch }, record, 0);
    if (!path.startsWith(scratch) && !PATTERN.test(path)) return path;
    await rename(path, kept);
    return kept;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function selectOf(
  engine: QueryEngine,
  name: FeedName,
  { records, paths }: { records: readonly FileRecord[]; paths: ReadonlyMap<string, string> },
): Promise<string> {
  const columns = [...FEEDS[name].required, ...FEEDS[name].optional];
  const cells = columns.map((one) => `raw_${one} AS ${quoteIdentifier(one)}`).join(', ');
  const selects: string[] = [];
  for (const batch of batchesOf(records)) {
    const own = batch.map(({ record }) => record);
    const local = own.map(({ key }) => paths.get(key) ?? key);
    const source = sourceSql(own, local, await firstLines(engine, own, local));
    const keys = own.map(({ key }) => quoteText(key)).join(', ');
    selects.push(`SELECT ${cells}, [${keys}][CAST(line // ${LINES_OF_FILE} AS BIGINT) + 1] AS file,
      line % ${LINES_OF_FILE} AS line FROM (${source})`);
  }
  if (selects.length > 0) return selects.join('\nUNION ALL\n');
  const none = columns.map((one) => `CAST(NULL AS VARCHAR) AS ${quoteIdentifier(one)}`);
  return `SELECT ${none.join(', ')}, CAST(NULL AS VARCHAR) AS file, CAST(NULL AS BIGINT) AS line WHERE false`;
}
