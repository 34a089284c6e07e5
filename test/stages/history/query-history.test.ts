import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import {
  ANSWER_AGE_MS_MAX,
  ANSWERS_PREFIX,
  findAnswer,
  type KeptAnswer,
  keepAnswer,
  pruneAnswers,
} from '../../../services/stages/serve/history/answer-cache.ts';
import {
  keepQuery,
  pruneHistory,
  queryId,
  type QueryRecord,
  readHistory,
} from '../../../services/stages/serve/history/query-history.ts';
import { answerId, type Question } from '../../../services/stages/serve/history/question.ts';

const HOUR_MS = 3_600_000;
const START = new Date('2026-01-31T00:00:00Z');

let clock: ManualClock;
let store: ObjectStore;

beforeEach(() => {
  clock = manualClock(START);
  store = memoryStore({ bucket: 'b', clock });
});

const QUESTION: Question = {
  pipeline: 'commerce',
  engine: 'duckdb',
  sql: 'SELECT 1',
  named: null,
  asOf: null,
  database: 'curated_local',
  version: 'v1',
};

describe('the id of an answer', () => {
  it('is that of the question however it is written', () => {
    expect(answerId({ ...QUESTION, sql: 'select  1;' }, '1')).toBe(answerId(QUESTION, '1'));
  });

  it.each([
    { version: 'v2' },
    { engine: 'athena' },
    { asOf: '2026-01-31' },
    { named: 'top_products' },
    { database: 'processed_local' },
    { pipeline: 'finance' },
    { sql: 'SELECT 2' },
  ])('is another with %j', (change) => {
    expect(answerId({ ...QUESTION, ...change }, '1')).not.toBe(answerId(QUESTION, '1'));
  });

  it('is another for another release of argosy, whose SQL may say another thing', () => {
    expect(answerId(QUESTION, '2')).not.toBe(answerId(QUESTION, '1'));
  });
});

describe('answers', () => {
  const answer = (rows: KeptAnswer['rows'] = [['1.50', 2, null, true]]): KeptAnswer => ({
    answered_at: clock.now().toISOString(),
    as_of: null,
    tables: ['t'],
    scanned_bytes: 10,
    execution_id: null,
    columns: ['a', 'b', 'c', 'd'].map((name) => ({ name, type: 'VARCHAR' })),
    rows,
  });
  const find = (id = 'id') => findAnswer(store, id, { now: clock.now() });

  it('are given again as they were, for a day', async () => {
    expect(await keepAnswer(store, 'id', answer())).toBe(true);
    await clock.advance(ANSWER_AGE_MS_MAX - 1);
    expect(await find()).toMatchObject({ rows: [['1.50', 2, null, true]] });
    expect(await find('other')).toBeNull();
    await clock.advance(1);
    expect(await find()).toBeNull();
  });

  it('of a time to come are not given: a clock was wrong', async () => {
    await keepAnswer(store, 'id', { ...answer(), answered_at: '2026-02-01T00:00:00.000Z' });
    expect(await find()).toBeNull();
  });

  it.each(['', '{', '[]', 'null', '{"columns":[],"rows":[]}', '{"columns":[{"name":1}]}'])(
    'that are damaged (%j) are asked for again',
    async (text) => {
      await store.put(`${ANSWERS_PREFIX}id.json`, Buffer.from(text));
      expect(await find()).toBeNull();
    },
  );

  it('that are large are not kept', async () => {
    const cell = 'x'.repeat(1_000);
    const rows = Array.from({ length: 2_200 }, () => [cell, cell, cell, cell]);
    expect(await keepAnswer(store, 'id', answer(rows))).toBe(false);
    const many = Array.from({ length: 100_001 }, () => [1, 2, 3, 4]);
    expect(await keepAnswer(store, 'id', answer(many))).toBe(false);
    expect(await find()).toBeNull();
  });

  it('are removed when too old, and the oldest of too many', async () => {
    for (let at = 0; at < 510; at += 1) {
      await keepAnswer(store, `id-${at}`, answer());
      await clock.advance(1_000);
    }
    expect(await pruneAnswers(store, { now: clock.now() })).toBe(10);
    expect(await find('id-9')).toBeNull();
    expect(await find('id-10')).not.toBeNull();
    await clock.advance(25 * HOUR_MS);
    expect(await pruneAnswers(store, { now: clock.now() })).toBe(500);
  });
});

const RECORD: QueryRecord = {
  id: 'zzz',
  asked_at: START.toISOString(),
  actor: 'local-user',
  pipeline: 'commerce',
  engine: 'duckdb',
  named: null,
  sql: 'SELECT 1',
  as_of: null,
  tables: [],
  rows: 1,
  scanned_bytes: 10,
  duration_ms: 5,
  cache_hit: false,
  execution_id: null,
  status: 'success',
  error_class: null,
  error_message: null,
};

describe('the history', () => {
  const record = (mark: string, more: Partial<QueryRecord> = {}): QueryRecord => ({
    ...RECORD,
    id: queryId(clock.now(), mark),
    asked_at: clock.now().toISOString(),
    ...more,
  });

  it('tells the newest first, as many as are wanted', async () => {
    for (const mark of ['a', 'b', 'c']) {
      await keepQuery(store, record(mark, mark === 'b' ? { status: 'failed' } : {}));
      await clock.advance(1_000);
    }
    const marks = (records: QueryRecord[]) => records.map(({ id }) => id.at(-1));
    expect(marks(await readHistory(store, { countMax: 2 }))).toEqual(['c', 'b']);
    const isWanted = ({ status }: QueryRecord): boolean => status === 'failed';
    expect(marks(await readHistory(store, { countMax: 2, isWanted }))).toEqual(['b']);
  });

  it.each<[string, object | string]>([
    ['no JSON', '{'],
    ['null', 'null'],
    ['of two fields', { id: 'zzz', asked_at: '2026' }],
    ['without its SQL', { ...RECORD, sql: null }],
    ['with a text for a number', { ...RECORD, duration_ms: '5' }],
    ['with a number for a text', { ...RECORD, error_class: 5 }],
  ])('passes over a record that is damaged: %s', async (_, value) => {
    await keepQuery(store, record('a'));
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    await store.put('_queries/history/zzz.json', Buffer.from(text));
    expect(await readHistory(store, { countMax: 9 })).toHaveLength(1);
  });

  it('keeps the newest thousand, of ninety days', async () => {
    await keepQuery(store, record('old'));
    await clock.advance(60 * 24 * HOUR_MS);
    for (let at = 0; at < 1_000; at += 1) {
      await keepQuery(store, record(String(at)));
      await clock.advance(1_000);
    }
    expect(await pruneHistory(store, { now: clock.now() })).toBe(1);
    await clock.advance(91 * 24 * HOUR_MS);
    await keepQuery(store, record('new'));
    expect(await pruneHistory(store, { now: clock.now() })).toBe(1_000);
    expect(await readHistory(store, { countMax: 9 })).toMatchObject([{ sql: 'SELECT 1' }]);
  });
});
