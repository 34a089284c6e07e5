import { PipelineError } from '../../core/error.ts';
import type { ServePorts } from '../../stages/serve/localise.ts';
import { offeredOn } from '../../stages/serve/ddl/athena.ts';
import { ANSWER_AGE_MS_MAX } from '../../stages/serve/history/answer-cache.ts';
import { versionOf } from '../../stages/serve/history/version.ts';
import {
  needRegistration,
  readRegistration,
  type Registration,
} from '../../stages/serve/registration.ts';
import { findDatabase } from '../commands.ts';
import { asking, serving, wiringOf } from '../host.ts';
import type { Session } from '../session.ts';
import { openAthena } from '../wire/athena.ts';
import { bucketOpener } from '../wire/wire.ts';
import type { Asking, Limits } from './asking.ts';
import type { Free, Named } from './duckdb.ts';

/** An answer of Athena's own that is younger than this may have begun before the tables changed. */
const RUN_MS_MAX = 30 * 60_000;

/** A SELECT of a reader's, answered by Athena. */
export async function askAthena(session: Session, free: Free): Promise<Asking> {
  const { pipeline, sql, asOf, limits } = free;
  if (asOf !== null) {
    throw new PipelineError('config-invalid', '--as-of goes with --named on Athena', {
      hint: 'there, compare the column of days in the SQL itself, or ask with --engine duckdb',
    });
  }
  return athenaAsking(session, { pipeline, sql, limits, named: null, asOf, answersAsOf: null });
}

/** A named query, translated and answered by Athena. */
export async function askNamedAthena(session: Session, named: Named): Promise<Asking> {
  const { pipeline, questions, name, asOf, limits } = named;
  const ports = serving(session, pipeline);
  const { sql, asOf: answersAsOf } = await questions.translate(ports, name, asOf);
  return athenaAsking(session, { pipeline, sql, limits, named: name, asOf, answersAsOf });
}

interface AthenaQuestion {
  pipeline: string;
  sql: string;
  limits: Limits;
  named: string | null;
  /** As it was asked for. */
  asOf: string | null;
  /** As it is answered. */
  answersAsOf: string | null;
}

async function athenaAsking(session: Session, question: AthenaQuestion): Promise<Asking> {
  const { pipeline, sql, limits, named, asOf, answersAsOf } = question;
  const { io, signal } = session;
  const wiring = wiringOf(session);
  const service = openAthena(wiring, bucketOpener(wiring));
  const ports = serving(session, pipeline);
  const database = await findDatabase(pipeline, asking(session, pipeline));
  if (offeredOn(database.datasets).length === 0) {
    throw new PipelineError('unsupported', `the tables of ${pipeline} are not offered on Athena`, {
      hint: 'ask with --engine duckdb',
    });
  }
  const which = { database: database.name, catalog: service.name };
  const registered = await needRegistration(ports.store, { ...which, pipeline }, { signal });
  await tellOfOlder(session, { ports, registered, pipeline, database });
  return {
    question: {
      pipeline,
      sql,
      asOf,
      named,
      engine: 'athena',
      database: database.name,
      version: versionIn(session, registered),
    },
    store: ports.store,
    version: async () => {
      const now = await readRegistration(ports.store, which, { signal });
      return now === null ? null : versionIn(session, now);
    },
    async ask(usesAnswers) {
      const now = io.clock.now();
      const answer = await service.ask({
        sql,
        database: database.name,
        rowsMax: limits.rowsMax,
        scanBytesMax: limits.scanBytesMax,
        reuseMsMax: usesAnswers ? reusable(registered, now) : 0,
        token: `${now.toISOString()} ${io.random()}`,
        signal,
      });
      return { ...answer, tables: [], asOf: answersAsOf };
    },
  };
}

/** Another workgroup or catalogue may show other tables. */
function versionIn({ config }: Session, { version, digest }: Registration): string {
  const { workgroup, catalog } = config.athena;
  return [version, digest, workgroup, catalog].join(' ');
}

/** How old an answer of Athena's own may be: it must have begun after the tables became what they are. */
function reusable({ changed_at: changedAt }: Registration, now: Date): number {
  const ageMs = now.getTime() - Date.parse(changedAt) - RUN_MS_MAX;
  return Math.max(0, Math.min(ageMs, ANSWER_AGE_MS_MAX));
}

interface Compared {
  ports: ServePorts;
  registered: Registration;
  pipeline: string;
  database: Parameters<typeof versionOf>[1];
}

/** Says so when Athena still sees what an older publish has left. */
async function tellOfOlder(
  { io, signal }: Session,
  { ports, registered, pipeline, database }: Compared,
): Promise<void> {
  const published = await versionOf(ports.store, database, { signal });
  if (published === registered.version) return;
  io.stderr.write(
    `Athena answers as of ${registered.changed_at}, and something was published since: argosy setup ${pipeline} --engine athena\n`,
  );
}
