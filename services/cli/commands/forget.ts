import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { PipelineError, toPipelineError } from '../../core/error.ts';
import { humaneCount } from '../../core/humane.ts';
import {
  eraseRows,
  eraseSuperseded,
  findPerson,
  type ForgetPorts,
  madeAsOf,
  type Traces,
} from '../../pipelines/commerce/upkeep/forget.ts';
import { claimForgetting } from '../../pipelines/commerce/upkeep/forget-claim.ts';
import { recordsOf, serving } from '../host.ts';
import { clearAfterKilled } from '../run/killed-runs.ts';
import { isProcessGone, thisProcess } from '../run/process-mark.ts';
import { printJson } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import type { Session } from '../session.ts';
import { run } from './run.ts';

const PIPELINE = 'commerce';

/** `argosy forget --customer ID`: says where a customer is; with `--yes` removes them from all zones. */
export const forget: Work = async (session, given) => {
  const customerId = (given.flags.customer ?? '').trim();
  if (customerId === '') {
    throw new PipelineError('config-invalid', '--customer is empty', {
      hint: 'argosy forget --customer cust_000123',
    });
  }
  const { scratchFolder } = session.config;
  await mkdir(scratchFolder, { recursive: true });
  const scratch = await mkdtemp(join(scratchFolder, 'forget-'));
  try {
    const ports = portsOf(session, scratch);
    const before = await findPerson(ports, customerId);
    if (given.flags.yes !== true) return tell(session, before, given.flags.json === true);
    return await erase(session, ports, { before, isJson: given.flags.json === true });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

function portsOf(session: Session, scratch: string): ForgetPorts {
  const { environment, personSalt } = session.config;
  const ports = serving(session, PIPELINE);
  const records = recordsOf(session, PIPELINE);
  return { ...ports, records, scratch, settings: { environment, personSalt } };
}

async function erase(
  session: Session,
  ports: ForgetPorts,
  { before, isJson }: { before: Traces; isJson: boolean },
): Promise<number> {
  const asOf = await madeAsOf(ports);
  await clearAfterKilled(session, PIPELINE);
  await alone(session, ports, () => eraseRows(ports, before));
  const isThere = before.raw.length > 0 || before.tables.length > 0;
  // A run may fail for a file that has nothing to do with it: whether the customer is gone, the tables say.
  const failure = asOf !== null && isThere ? await makeAgain(session, asOf) : null;
  const removed = await alone(session, ports, () => eraseSuperseded(ports, before));
  const after = await findPerson(ports, before.customerId);
  if (after.raw.length > 0 || after.tables.length > 0) throw unfinished(after, failure);
  if (isJson) printJson(session, { ...before, isErased: true, objectsRemoved: removed });
  else {
    session.io.stdout.write(textOf(before));
    session.io.stdout.write(
      `removed from all of them; ${humaneCount(removed)} objects of earlier tables are gone too\n${CAVEAT}`,
    );
  }
  if (failure !== null)
    session.log.warn('forget.run-failed', { reason: failure.message, hint: failure.hint });
  return failUnreadable(before);
}

function unfinished(after: Traces, failure: PipelineError | null): PipelineError {
  const where = `${after.customerId} is still in ${placesOf(after)}`;
  if (failure === null) return new PipelineError('bug', `not finished: ${where}`);
  const message = `not finished: ${where}; the run that makes the tables again has failed: ${failure.message}`;
  return new PipelineError(failure.kind, message, {
    hint: 'mend what the run says, then forget again',
    cause: failure,
  });
}

/** Does it while no run takes files, for the files and objects that a run works on must stay. */
async function alone<T>(
  { io }: Session,
  { records }: ForgetPorts,
  work: () => Promise<T>,
): Promise<T> {
  const request = { records, clock: io.clock, me: thisProcess(), isDead: isProcessGone };
  const claim = await claimForgetting(request);
  try {
    return await work();
  } finally {
    await claim.release();
  }
}

/**
 * The tables of the same day, from the raw files as they are now; the summary of that run is no data of this command.
 * Returns what the run failed with, if it did.
 */
async function makeAgain(session: Session, asOf: string): Promise<PipelineError | null> {
  const { io, signal } = session;
  // The sample would put its files again.
  const flags = { ...session.flags, sample: false, json: false };
  const quiet = { ...session, io: { ...io, stdout: new PassThrough().resume() }, flags };
  const given = { args: [PIPELINE], flags: { ...flags, parameter: [`logical-date=${asOf}`] } };
  try {
    await run(quiet, given);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return toPipelineError(error);
  }
}

const CAVEAT = [
  'Not reached from here: versions that the bucket keeps, backups and copies made elsewhere,',
  'and what others have written about the customer (reviews) or called by their name (pages).\n',
].join('\n');

function tell(session: Session, traces: Traces, isJson: boolean): number {
  if (isJson) printJson(session, { ...traces, isErased: false, objectsRemoved: 0 });
  else {
    session.io.stdout.write(textOf(traces));
    const isThere = traces.raw.length > 0 || traces.tables.length > 0 || traces.superseded > 0;
    session.io.stdout.write(
      isThere ? `nothing was changed: add --yes to remove them\n` : 'nothing to remove\n',
    );
  }
  return 0;
}

function textOf({ customerId, raw, tables, superseded, passedOver }: Traces): string {
  const rawRows = raw.reduce((sum, { rows }) => sum + rows, 0);
  const lines = [
    `customer ${customerId}`,
    `  raw: ${humaneCount(rawRows)} rows in ${humaneCount(raw.length)} objects`,
    ...raw.map(({ key, rows }) => `    ${key}: ${humaneCount(rows)}`),
    ...tables.map(({ table, rows }) => `  ${table}: ${humaneCount(rows)} rows`),
    ...(superseded === 0
      ? []
      : [`  earlier tables: ${humaneCount(superseded)} objects, which may hold anybody`]),
    ...(passedOver.length === 0
      ? []
      : [`  not looked at, for they belong to no feed: ${someOf(passedOver)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

const NAMED_MAX = 5;

function someOf(keys: readonly string[]): string {
  const more = keys.length > NAMED_MAX ? `, and ${humaneCount(keys.length - NAMED_MAX)} more` : '';
  return keys.slice(0, NAMED_MAX).join(', ') + more;
}

function placesOf({ raw, tables }: Traces): string {
  return [...raw.map(({ key }) => key), ...tables.map(({ table }) => table)].join(', ');
}

/** What could not be read may hold the person, and only somebody who looks can tell. */
function failUnreadable({ unreadable }: Traces): number {
  if (unreadable.length === 0) return 0;
  throw new PipelineError(
    'input-invalid',
    `${unreadable.length} raw objects cannot be read, and may hold the customer: ${unreadable.slice(0, 5).join(', ')}`,
    { hint: 'look at them, and remove those that nobody needs' },
  );
}
