import { PipelineError } from '../../core/error.ts';
import { humaneBytes, humaneCount } from '../../core/humane.ts';
import { bucketState } from '../../stages/observe/verify/losses.ts';
import { type Verdict, verifyPipeline } from '../../stages/observe/verify/verify.ts';
import { findWing, WINGS } from '../commands.ts';
import { bucketFor, openHost, recordsOf } from '../host.ts';
import { bucketOf } from '../wire/wire.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../view/text-table.ts';
import { terminalOf } from '../view/view.ts';

type Verified = Verdict & { pipeline: string; bucket: Awaited<ReturnType<typeof bucketState>> };

/** Between two lines about how far it is. */
const TOLD_EVERY = 100;

/** `argosy verify`: reads what records and commits name; `input-invalid` (20) when something is gone or not as recorded. */
export const verify: Work = async (session, given) => {
  const names = [...new Set(given.args.length > 0 ? given.args : Object.keys(WINGS))];
  for (const name of names) findWing(name);
  const withStrays = given.flags.strays === true;
  const verdicts: Verified[] = [];
  for (const name of names) verdicts.push(await verifyOne(session, name, withStrays));
  if (given.flags.json === true) printJson(session, { pipelines: verdicts.map(jsonOf) });
  else print(session, verdicts);
  const findings = verdicts.reduce((sum, one) => sum + one.findings.length, 0);
  if (findings === 0 && given.args.length > 0) refuseNothing(verdicts);
  if (findings === 0) return 0;
  const what = findings === 1 ? '1 object is' : `${humaneCount(findings)} objects are`;
  throw new PipelineError('input-invalid', `${what} gone or not as recorded`, {
    hint: 'docs/recovery.md says how each is restored or made again',
  });
};

/** Who names a pipeline expects something of it: a bucket that was lost as a whole has nobody else to miss it. */
function refuseNothing(verdicts: readonly Verified[]): void {
  const without = verdicts.find(({ bucket }) => bucket !== 'filled');
  if (without === undefined) return;
  throw new PipelineError('input-invalid', `nothing to verify: ${stateText(without)}`, {
    hint: 'it was never run here, or its bucket is lost: docs/recovery.md, "A lost bucket"',
  });
}

function stateText({ pipeline, bucket }: Verified): string {
  return bucket === 'absent' ? `${pipeline} has no bucket` : `the bucket of ${pipeline} is empty`;
}

async function verifyOne(
  session: Session,
  pipeline: string,
  withStrays: boolean,
): Promise<Verified> {
  const { io, config, signal } = session;
  const host = openHost(session);
  const proofs = await findWing(pipeline).proofs();
  const { isTerminal } = terminalOf(io.stderr, io.env);
  const line = isTerminal
    ? (text: string) => io.stderr.write(`\r\u001B[K${text}`)
    : () => undefined;
  const store = bucketFor(session, pipeline);
  const bucket = await bucketState(store, signal);
  if (bucket !== 'filled') return { pipeline, bucket, ...nothingIn(withStrays) };
  const verdict = await verifyPipeline(
    {
      store,
      records: recordsOf(session, pipeline),
      sideStore: (name) => host.openBucket(bucketOf(config, `${pipeline}-${name}`)),
      now: io.clock.now(),
      signal,
    },
    proofs,
    {
      withStrays,
      progress: (done, of, bytes) => {
        if (done % TOLD_EVERY !== 0 && done !== of) return;
        line(`${pipeline}: ${humaneCount(done)} of ${humaneCount(of)}, ${humaneBytes(bytes)}`);
      },
    },
  );
  line('');
  return { pipeline, bucket, ...verdict };
}

function nothingIn(withStrays: boolean): Verdict {
  const strays = withStrays ? [] : null;
  return { objects: 0, bytes: 0, gone: 0, findings: [], unproven: [], strays };
}

function print({ io, ...session }: Session, verdicts: readonly Verified[]): void {
  const options = { widthMax: widthOf({ io, ...session }) };
  const heads = ['pipeline', 'objects', 'bytes', 'wrong', 'unproven', 'expired', 'strays'];
  const rows = verdicts.map((one) => [
    one.pipeline,
    humaneCount(one.objects),
    humaneBytes(one.bytes),
    humaneCount(one.findings.length),
    humaneCount(one.unproven.length),
    humaneCount(one.gone),
    one.strays === null ? '' : humaneCount(one.strays.length),
  ]);
  const columns = heads.map((name) => ({
    name,
    align: name === 'pipeline' ? ('left' as const) : ('right' as const),
  }));
  const shown = verdicts.some(({ strays }) => strays !== null) ? heads.length : heads.length - 1;
  const cut = <T>(row: readonly T[]): T[] => row.slice(0, shown);
  io.stdout.write(formatTable(cut(columns), rows.map(cut), options));
  for (const one of verdicts) {
    const { pipeline, findings, strays } = one;
    if (one.bucket !== 'filled') io.stdout.write(`${stateText(one)}\n`);
    for (const { kind, key, message, namedBy } of findings) {
      const by = namedBy === key ? '' : ` (named by ${namedBy})`;
      io.stdout.write(`${pipeline}: ${kind}: ${key}: ${message}${by}\n`);
    }
    for (const key of strays ?? []) io.stdout.write(`${pipeline}: stray: ${key}\n`);
  }
}

function jsonOf({ unproven, ...verdict }: Verified) {
  return { ...verdict, unproven };
}
