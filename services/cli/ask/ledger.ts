import { type ErrorKind, toPipelineError } from '../../core/error.ts';
import { VERSION } from '../../core/version.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import {
  findAnswer,
  type KeptAnswer,
  keepAnswer,
  pruneAnswers,
} from '../../stages/serve/history/answer-cache.ts';
import { isSteady } from '../../stages/serve/history/normal-sql.ts';
import {
  keepQuery,
  pruneHistory,
  queryId,
  type QueryRecord,
} from '../../stages/serve/history/query-history.ts';
import { answerId } from '../../stages/serve/history/question.ts';
import { withoutSecrets } from '../run/redact-record.ts';
import type { Session } from '../session.ts';
import type { Answer, Asking } from './asking.ts';

/** What is done for the record may take so long; nobody waits longer for it. */
const KEEP_MS_MAX = 2_000;
/** One question in so many also removes what has grown old. */
const PRUNE_EVERY = 32;
const SQL_CHARS_MAX = 8_192;

/** How questions that cannot be asked end: there is nothing to tell of them, or nobody to tell it to. */
const UNTOLD = new Set<ErrorKind>(['config-invalid', 'unavailable', 'bug', 'unsupported']);

/** Finds and keeps the answer of one question, and its record. What fails here never fails the question. */
export interface Ledger {
  /** An answer that was kept, where it is still one. */
  find(): Promise<KeptAnswer | null>;
  /** After a kept answer was shown again. */
  shownAgain(answer: KeptAnswer): Promise<void>;
  /** After an answer was shown. */
  shown(answer: Answer): Promise<void>;
  failed(error: unknown): Promise<void>;
}

const NOTHING: Ledger = {
  find: async () => null,
  shownAgain: async () => undefined,
  shown: async () => undefined,
  failed: async () => undefined,
};

/**
 * The ledger of a question that is asked now; `usesAnswers` is false where the answer must not be one that was kept, and
 * one of more rows than `rowsMax` is none.
 */
export function openLedger(
  session: Session,
  asking: Asking,
  { usesAnswers, rowsMax }: { usesAnswers: boolean; rowsMax: number },
): Ledger {
  const { question, store } = asking;
  if (store === null) return NOTHING;
  const { clock } = session.io;
  const askedAt = clock.now();
  const isKept = question.version !== null && isSteady(question.sql);
  const id = answerId(question, VERSION);
  const record = (told: Told): QueryRecord => recordOf(session, asking, { askedAt, ...told });
  const keep = (told: Told, more?: (signal: AbortSignal) => Promise<unknown>): Promise<void> =>
    quietly(session, async (signal) => {
      const line = record(told);
      await Promise.all([keepQuery(store, line, { signal }), more?.(signal)]);
      if (session.io.random() * PRUNE_EVERY < 1) await prune(store, clock.now(), signal);
    });

  return {
    find: async () => {
      if (!isKept || !usesAnswers) return null;
      let found: KeptAnswer | null = null;
      await quietly(session, async (signal) => {
        found = await findAnswer(store, id, { now: askedAt, signal });
      });
      return isWithin(found, rowsMax) ? found : null;
    },
    shownAgain: (answer) => keep({ answer: { ...answerOf(answer), isReused: true } }),
    shown: (answer) =>
      keep({ answer }, async (signal) => {
        // A publish while it was asked: whose answer it is cannot be told.
        if (!isKept || (await asking.version()) !== question.version) return;
        await keepAnswer(store, id, keptOf(answer, clock.now()), { signal });
      }),
    failed: async (thrown) => {
      const error = toPipelineError(thrown);
      const isFar = question.engine === 'athena';
      if (isFar ? error.kind !== 'config-invalid' : !UNTOLD.has(error.kind))
        await keep({ error: { kind: error.kind, message: error.message } });
    },
  };
}

function isWithin(answer: KeptAnswer | null, rowsMax: number): boolean {
  return answer !== null && answer.rows.length <= rowsMax;
}

interface Told {
  answer?: Answer;
  error?: { kind: ErrorKind; message: string };
}

function recordOf(
  { io, config }: Session,
  { question }: Asking,
  { askedAt, answer, error }: Told & { askedAt: Date },
): QueryRecord {
  const secrets = config.secrets.map((one) => one.reveal());
  const safe = (text: string): string => withoutSecrets(text, secrets).slice(0, SQL_CHARS_MAX);
  const mark = Math.floor(io.random() * 2 ** 32).toString(16).padStart(8, '0'); // prettier-ignore
  return {
    id: queryId(askedAt, mark),
    asked_at: askedAt.toISOString(),
    actor: actorOf(io.env),
    pipeline: question.pipeline,
    engine: question.engine,
    named: question.named,
    sql: question.named === null ? safe(question.sql) : '',
    as_of: answer?.asOf ?? question.asOf,
    tables: answer?.tables ?? [],
    rows: answer?.rows.length ?? null,
    scanned_bytes: answer?.scannedBytes ?? null,
    duration_ms: answer?.durationMs ?? io.clock.now().getTime() - askedAt.getTime(),
    cache_hit: answer?.isReused ?? false,
    execution_id: answer?.executionId ?? null,
    status: error === undefined ? 'success' : 'failed',
    error_class: error?.kind ?? null,
    error_message: error === undefined ? null : safe(error.message),
  };
}

/** Who asks: the pod, or the user of this machine. */
function actorOf(env: Readonly<Record<string, string | undefined>>): string {
  const isInPod = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  return (isInPod ? env['HOSTNAME'] : (env['USER'] ?? env['USERNAME'])) || 'local-user';
}

function keptOf(answer: Answer, now: Date): KeptAnswer {
  const { columns, rows, tables, asOf, scannedBytes, executionId } = answer;
  return {
    answered_at: now.toISOString(),
    as_of: asOf,
    tables,
    scanned_bytes: scannedBytes,
    execution_id: executionId,
    columns,
    rows,
  };
}

function answerOf({ columns, rows, tables, as_of: asOf, execution_id: id }: KeptAnswer): Answer {
  const told = { scannedBytes: 0, durationMs: 0, isReused: true, executionId: id };
  return { columns, rows, tables, asOf, ...told };
}

async function prune(store: ObjectStore, now: Date, signal: AbortSignal): Promise<void> {
  await pruneAnswers(store, { now, signal });
  await pruneHistory(store, { now, signal });
}

/** Does it within its time; what fails, as in a bucket that may only be read, is told to those who debug. */
async function quietly(
  { log }: Session,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  try {
    await work(AbortSignal.timeout(KEEP_MS_MAX));
  } catch (error) {
    log.debug('query.not_kept', { reason: toPipelineError(error).message });
  }
}
