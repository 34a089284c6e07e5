import { PipelineError } from '../../../core/error.ts';
import { type Parameters, switchParameter, wholeParameter } from '../../../core/parameter.ts';
import { CALENDAR_YEARS, dayAfter, sessionsBetween } from '../../../core/trading-calendar.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import type { Warehouse, WarehouseTransaction } from '../../../ports/warehouse.ts';
import { migrate } from '../../../stages/serve/migrate.ts';
import { lockFor } from '../../../stages/serve/warehouse-lock.ts';
import { DATES_PARAMETER, type DaysToLoad, daysToLoad } from '../plan/days-to-load.ts';
import { LANDING_PREFIX, landingFolder, parseLandedKey } from '../plan/landed.ts';
import { LOADED_REPLIES, marketMigrations, SESSIONS, STAGED_REPLIES, STAGING } from './schema.ts';
import { STAGED_COLUMNS, stagedCsv, type StagedReply, type StagingCounts } from './stage.ts';

/** A range of more days than this is found by one listing of all that is landed. */
const LISTED_DAYS_MAX = 31;
/** More days than the trading calendar has. */
const CATCH_UP_DAYS_MAX = 20_000;

/** Copies the landed replies of the run's days into the staging table, flattened to one row a day, all text. */
export const load: Step = {
  name: 'load',
  summary: 'Copy landed replies into the staging table, one row a day, all text',
  parameters: [
    DATES_PARAMETER,
    {
      name: 'catch-up-days',
      description: 'Load too what was landed so many days before and never loaded',
      default: '7',
    },
    { name: 'reload', description: 'true: load again what is loaded', default: 'false' },
    { name: 'strict', description: 'true: a reply that cannot be read ends it', default: 'false' },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const wish = wishOf(parameters, run);
    const isStrict = switchParameter(parameters, 'strict');
    const warehouse = await ports.warehouse();
    await migrate(warehouse, marketMigrations(warehouse.dialect), { signal: ports.signal });
    const landed = await landedReplies(ports, wish);
    const counts = await warehouse.transaction(
      (tx) => stageAll(tx, { ports, warehouse, landed, isReload: wish.isReload }),
      { signal: ports.signal },
    );
    ports.check('reply-readable', counts.unreadable.length);
    ports.check('day-real', counts.rejected);
    const [first] = counts.unreadable;
    if (isStrict && first) throw new PipelineError('input-invalid', first.message);
    return resultOf(counts, nothingLanded(landed));
  },
};

/** The days that are asked for, and what else. */
interface Wish extends DaysToLoad {
  /** The first day that is looked at for what was never loaded. */
  catchUpFrom: string;
  isReload: boolean;
}

function wishOf(parameters: Parameters, run: RunIdentity): Wish {
  const days = daysToLoad(parameters, run);
  const catchUpDays = wholeParameter(parameters, 'catch-up-days', 0);
  const catchUpFrom = dayAfter(days.from, -Math.min(catchUpDays, CATCH_UP_DAYS_MAX));
  return { ...days, catchUpFrom, isReload: switchParameter(parameters, 'reload') };
}

/** Days that were named and hold nothing are told: they may be mistyped. */
function nothingLanded({ wish, replies }: Landed): Problem[] {
  const { from, to, isNamed } = wish;
  if (!isNamed || replies.some(({ date }) => date >= from)) return [];
  const days = from === to ? `on ${from}` : `from ${from} to ${to}`;
  const message = `nothing is landed ${days}, so nothing of it is loaded`;
  return [{ object: LANDING_PREFIX.slice(0, -1), message }];
}

/** The landed replies from the first day that is looked at to the last, and which of them are asked for. */
interface Landed {
  wish: Wish;
  replies: StagedReply[];
}

async function landedReplies(ports: StepPorts, wish: Wish): Promise<Landed> {
  const { catchUpFrom, to } = wish;
  const days = (Date.parse(to) - Date.parse(catchUpFrom)) / 86_400_000;
  const prefixes =
    days > LISTED_DAYS_MAX
      ? [LANDING_PREFIX]
      : Array.from({ length: days + 1 }, (_, at) => landingFolder(dayAfter(catchUpFrom, at)));
  const replies: StagedReply[] = [];
  for (const prefix of prefixes) {
    for await (const { key, etag } of ports.store.list(prefix, { signal: ports.signal })) {
      const name = parseLandedKey(key);
      if (name === null || name.date < catchUpFrom || name.date > to) continue;
      replies.push({ ...name, etag });
    }
  }
  return { wish, replies };
}

interface Staging {
  ports: StepPorts;
  warehouse: Warehouse;
  landed: Landed;
  isReload: boolean;
}

/** Staging as a whole is made anew: what an earlier run has left there is staged again with the rest. */
async function stageAll(
  tx: WarehouseTransaction,
  { ports, warehouse, landed, isReload }: Staging,
): Promise<StagingCounts> {
  await lockFor(tx, warehouse.dialect, { table: STAGING.name });
  await fillSessions(tx);
  const replies = await wantedReplies(tx, landed, isReload);
  await tx.run(`DELETE FROM ${STAGING.name}`);
  await tx.run(`DELETE FROM ${STAGED_REPLIES.name}`);
  const counts: StagingCounts = { replies: [], unreadable: [], rows: 0, rejected: 0, bytes: 0 };
  const target = { table: STAGING.name, columns: STAGED_COLUMNS };
  const copied = await tx.copyIn(target, stagedCsv(ports, replies, counts));
  if (copied !== counts.rows) {
    throw new PipelineError('bug', `staging took ${copied} rows where ${counts.rows} were sent`);
  }
  const columns = ['symbol', 'extraction_date', 'object_key', 'etag', 'row_count'];
  await tx.copyIn({ table: STAGED_REPLIES.name, columns }, replyCsv(counts));
  return counts;
}

/**
 * What is asked for and not loaded yet, in these bytes; and for each of its symbols every later reply that is loaded,
 * so that the newest extraction wins whatever the order in which days are loaded.
 */
async function wantedReplies(
  tx: WarehouseTransaction,
  { wish, replies }: Landed,
  isReload: boolean,
): Promise<StagedReply[]> {
  const left = await readReplies(tx, STAGED_REPLIES.name, wish.catchUpFrom, true);
  const first = [wish.catchUpFrom, ...left.map(({ date }) => date)].toSorted()[0] ?? wish.from;
  const loaded = await readReplies(tx, LOADED_REPLIES.name, first, false);
  const loadedTags = new Map(loaded.map(({ key, etag }) => [key, etag]));
  const wanted = new Map<string, StagedReply>();
  for (const reply of left) wanted.set(reply.key, reply);
  for (const reply of replies) {
    const isAsked = reply.date >= wish.from && isReload;
    if (isAsked || loadedTags.get(reply.key) !== reply.etag) wanted.set(reply.key, reply);
  }
  const firstOf = new Map<string, string>();
  for (const { symbol, date } of wanted.values()) {
    const known = firstOf.get(symbol);
    if (known === undefined || date < known) firstOf.set(symbol, date);
  }
  for (const reply of loaded) {
    const start = firstOf.get(reply.symbol);
    if (start !== undefined && reply.date > start && !wanted.has(reply.key)) {
      wanted.set(reply.key, { ...reply, isLoaded: true });
    }
  }
  return [...wanted.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

async function readReplies(
  tx: WarehouseTransaction,
  table: string,
  from: string,
  isWhole: boolean,
): Promise<StagedReply[]> {
  const where = isWhole ? '' : ` WHERE extraction_date >= CAST($1 AS DATE)`;
  const { rows } = await tx.query(
    `SELECT object_key, symbol, CAST(CAST(extraction_date AS DATE) AS VARCHAR(10)), etag FROM ${table}${where}`,
    isWhole ? [] : [from],
  );
  return rows.map(([key, symbol, date, etag]) => ({
    key: String(key),
    symbol: String(symbol),
    date: String(date),
    etag: String(etag),
  }));
}

async function* replyCsv({ replies }: StagingCounts): AsyncGenerator<Uint8Array> {
  const lines = replies.map(
    ({ symbol, date, key, etag, rows }) =>
      `${symbol},${date} 00:00:00,${key},"${etag.replaceAll('"', '""')}",${rows}\n`,
  );
  yield Buffer.from(lines.join(''));
}

/** The exchanges' sessions are computed; they are written when the table does not have as many. */
async function fillSessions(tx: WarehouseTransaction): Promise<void> {
  const { rows } = await tx.query(`SELECT count(*) FROM ${SESSIONS.name}`);
  if (Number(rows[0]?.[0]) > 0) return;
  const { first, last } = CALENDAR_YEARS;
  const sessions = sessionsBetween(`${first}-01-01`, `${last}-12-31`);
  const csv = sessions.map(({ day, isHalf }) => `${day},${isHalf}\n`).join('');
  const columns = ['session_date', 'is_half_day'];
  await tx.copyIn({ table: SESSIONS.name, columns }, chunk(csv));
}

async function* chunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function resultOf(counts: StagingCounts, told: readonly Problem[]): StepResult {
  const { replies, unreadable, rows, rejected, bytes } = counts;
  const problems = [...told, ...unreadable.map(({ key, message }) => ({ object: key, message }))];
  if (rejected > 0) {
    problems.push({
      object: '_quarantine/replies',
      message: `${rejected} days hold no prices that a table takes, and are kept there`,
    });
  }
  return {
    outputs: { replies: String(replies.length), rows: String(rows) },
    counts: {
      objectsRead: replies.length,
      objectsFailed: unreadable.length,
      // The others are counted by the step that merges them.
      rowsRead: rejected,
      rowsRejected: rejected,
      bytesRead: bytes,
    },
    problems,
  };
}
