import { PipelineError } from '../../../core/error.ts';
import type { Notice } from '../../../ports/notifier.ts';
import type { RunIdentity, Step, StepResult } from '../../../ports/step.ts';
import { FEEDS } from '../feed/feeds.ts';
import { type FileRecord, fileRecords, type SeenColumn } from './file-record.ts';
import { FEED_NAMES, type FeedName } from './raw-key.ts';

/** What is known of a raw table: the columns that its files have shown, and its days. */
export interface RawTable {
  database: string;
  table: FeedName;
  format: 'csv' | 'json';
  columns: readonly SeenColumn[];
  /** `date=` folders with accepted files. */
  partitions: readonly string[];
  tags: { classification: string; owner: string; pii: string };
  /** The files that were looked at last, by the sum of which nothing is told twice. */
  newest: string;
}

/** A change that nobody applies by itself (requirements 3.12). */
export interface SchemaChange {
  column: string;
  /** `removed` from the newest file, or its type is another. */
  what: 'removed' | 'type';
  from: string;
  to: string;
}

/** The key of what is known of a raw table. */
export function rawTableKey(feed: FeedName): string {
  return `_catalog/raw/${feed}.json`;
}

/**
 * Finds out the columns and days of a feed's accepted files (requirements 3.12). New columns and days are added; a column
 * that is gone or of another type is told once as a notice, and stays in the table as it was.
 */
export const catalogue: Step = {
  name: 'catalogue',
  summary: 'Find the columns and days of a feed; tell of columns that are gone or changed',
  parameters: [{ name: 'feed', description: `One of ${FEED_NAMES.join(', ')}` }],
  async run(ports, parameters, run): Promise<StepResult> {
    const feed = FEED_NAMES.find((name) => name === parameters['feed']);
    if (feed === undefined)
      throw new PipelineError(
        'config-invalid',
        `parameter feed="${parameters['feed']}" cannot be`,
        {
          hint: `give one of ${FEED_NAMES.join(', ')}`,
        },
      );
    const { store, signal } = ports;
    const key = rawTableKey(feed);
    const bytes = await store.get(key, { signal });
    const known =
      bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString('utf8')) as RawTable);
    const files = (await fileRecords(ports, feed)).filter(({ isValid }) => isValid);
    const { table, changes } = evolve(feed, {
      known,
      files,
      environment: ports.settings.environment,
    });
    if (changes.length > 0) await ports.notifier.send(noticeOf(run, feed, changes));
    const text = Buffer.from(`${JSON.stringify(table, null, 2)}\n`);
    const isNew = bytes === null || Buffer.compare(bytes, text) !== 0;
    if (isNew) await store.put(key, text, { signal });
    return resultOf(feed, { table, changes, isNew });
  },
};

/** What is known after these files, in the order of keys; changes are those of files that are new. */
export function evolve(
  feed: FeedName,
  of: { known: RawTable | null; files: readonly FileRecord[]; environment: string },
): { table: RawTable; changes: SchemaChange[] } {
  const { known, files, environment } = of;
  const columns = new Map((known?.columns ?? []).map((column) => [column.name, column]));
  const changes: SchemaChange[] = [];
  const latest = files.at(-1);
  const isNews = latest !== undefined && latest.metadata.sha256 !== known?.newest;
  for (const { metadata } of files) {
    const isLatest = metadata.sha256 === latest?.metadata.sha256;
    for (const { name, type, isEmpty } of metadata.columns) {
      const before = columns.get(name);
      const seen = { name, type, ...(isEmpty === true ? { isEmpty } : {}) };
      if (before === undefined || before.isEmpty === true) columns.set(name, seen);
      else if (isEmpty === true) continue;
      else if (isWider(before.type, type)) columns.set(name, { name, type });
      else if (isLatest && isNews && isOther(before.type, type))
        changes.push({ column: name, what: 'type', from: before.type, to: type });
    }
  }
  if (isNews && known !== null) {
    const there = new Set(latest.metadata.columns.map(({ name }) => name));
    for (const { name, type } of known.columns)
      if (!there.has(name)) changes.push({ column: name, what: 'removed', from: type, to: '' });
  }
  const table: RawTable = {
    database: `raw_${environment.replaceAll('-', '_')}`,
    table: feed,
    format: FEEDS[feed].format,
    columns: [...columns.values()],
    partitions: [
      ...new Set(files.filter(({ isGone }) => isGone !== true).map(({ date }) => date)),
    ].toSorted(),
    tags: {
      classification: FEEDS[feed].columns.some(({ tag }) => tag !== 'none')
        ? 'personal'
        : 'internal',
      owner: 'commerce',
      pii: String(FEEDS[feed].columns.some(({ tag }) => tag !== 'none')),
    },
    newest: latest?.metadata.sha256 ?? known?.newest ?? '',
  };
  return { table, changes };
}

/** Whole numbers may become decimals. */
function isWider(before: SeenColumn['type'], after: SeenColumn['type']): boolean {
  return before === 'BIGINT' && after === 'DOUBLE';
}

/** A column in which the newest file shows no value, or only whole numbers of decimals, has not changed. */
function isOther(before: SeenColumn['type'], after: SeenColumn['type']): boolean {
  return before !== after &&
    after !== 'VARCHAR' &&
    !(before === 'DOUBLE' && after === 'BIGINT') &&
    before !== 'VARCHAR'
    ? true
    : before !== after &&
        (before === 'BIGINT' || before === 'DOUBLE' || before === 'TIMESTAMP') &&
        after === 'VARCHAR';
}

function noticeOf(run: RunIdentity, feed: FeedName, changes: readonly SchemaChange[]): Notice {
  return {
    topic: 'quality',
    severity: 'warning',
    pipeline: run.pipeline,
    runId: run.runId,
    title: `schema evolution detected: ${feed}`,
    lines: changes.map(({ column, what, from, to }) =>
      what === 'removed' ? `column ${column} is gone` : `column ${column} was ${from}, is ${to}`,
    ),
    occasion: `schema-${feed}-${run.runId}`,
  };
}

function resultOf(
  feed: FeedName,
  { table, changes, isNew }: { table: RawTable; changes: readonly SchemaChange[]; isNew: boolean },
): StepResult {
  return {
    outputs: {
      columns: String(table.columns.length),
      partitions: String(table.partitions.length),
      changes: String(changes.length),
    },
    counts: { objectsWritten: isNew ? 1 : 0, objectsSkipped: isNew ? 0 : 1 },
    problems: changes.map(({ column, what, from, to }) => ({
      object: feed,
      message:
        what === 'removed'
          ? `${shownName(feed, column)} is gone`
          : `${shownName(feed, column)} was ${from}, is ${to}`,
    })),
  };
}

/** A name that the feed does not know may be anything. */
function shownName(feed: FeedName, column: string): string {
  const known = [...FEEDS[feed].required, ...FEEDS[feed].optional];
  const name = column.trim().toLowerCase();
  return known.includes(name) ? `the column ${name}` : 'a column that the feed does not read';
}
