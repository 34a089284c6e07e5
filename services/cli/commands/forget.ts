import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { PipelineError } from '../../core/error.ts';
import { humaneCount } from '../../core/humane.ts';
import {
  eraseRaw,
  eraseSuperseded,
  findPerson,
  type ForgetPorts,
  madeAsOf,
  type Traces,
} from '../../pipelines/commerce/upkeep/forget.ts';
import { recordsOf, serving } from '../host.ts';
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
  await eraseRaw(ports, before);
  const isThere = before.raw.length > 0 || before.tables.length > 0;
  if (asOf !== null && isThere) await makeAgain(session, asOf);
  const removed = await eraseSuperseded(ports);
  const after = await findPerson(ports, before.customerId);
  if (after.raw.length > 0 || after.tables.length > 0) {
    throw new PipelineError('bug', `${before.customerId} is still in ${placesOf(after)}`);
  }
  if (isJson) printJson(session, { ...before, isErased: true, objectsRemoved: removed });
  else {
    session.io.stdout.write(textOf(before));
    session.io.stdout.write(
      `removed from all of them; ${humaneCount(removed)} objects of earlier tables are gone too\n${CAVEAT}`,
    );
  }
  return failUnreadable(before);
}

/** The tables of the same day, from the raw files as they are now; the summary of that run is no data of this command. */
async function makeAgain(session: Session, asOf: string): Promise<void> {
  const { flags } = session;
  const io = { ...session.io, stdout: new PassThrough().resume() };
  await run(
    // The sample would put its files again.
    { ...session, io, flags: { ...flags, sample: false } },
    { args: [PIPELINE], flags: { ...flags, sample: false, parameter: [`logical-date=${asOf}`] } },
  );
}

const CAVEAT =
  'Versions that the bucket keeps, backups and copies made elsewhere are not reached from here.\n';

function tell(session: Session, traces: Traces, isJson: boolean): number {
  if (isJson) printJson(session, { ...traces, isErased: false, objectsRemoved: 0 });
  else {
    session.io.stdout.write(textOf(traces));
    const isThere = traces.raw.length > 0 || traces.tables.length > 0;
    session.io.stdout.write(
      isThere ? `nothing was changed: add --yes to remove them\n` : 'nothing to remove\n',
    );
  }
  return 0;
}

function textOf({ customerId, raw, tables }: Traces): string {
  const rawRows = raw.reduce((sum, { rows }) => sum + rows, 0);
  const lines = [
    `customer ${customerId}`,
    `  raw: ${humaneCount(rawRows)} rows in ${humaneCount(raw.length)} objects`,
    ...raw.map(({ key, rows }) => `    ${key}: ${humaneCount(rows)}`),
    ...tables.map(({ table, rows }) => `  ${table}: ${humaneCount(rows)} rows`),
  ];
  return `${lines.join('\n')}\n`;
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
