import { PipelineError } from '../../core/error.ts';
import type { RunState, TemplateParameter, WorkflowCluster } from '../../ports/workflow-cluster.ts';
import type { WorkflowRequest } from '../../ports/workflow-engine.ts';
import { clusterCommands } from '../cluster/commands.ts';
import { followRun } from '../cluster/follow-run.ts';
import { printJson } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import { givenParameters } from '../run/run-request.ts';
import type { Session } from '../session.ts';
import { differingArguments, isNamedByWork, submitRequest } from '../cluster/submit-request.ts';
import { offlineManifest, printManifest } from '../cluster/submit-preview.ts';
import { openCluster } from '../wire/engine.ts';

/** `argosy submit PIPELINE`: a pipeline as a Workflow of its template in the cluster. */
export const submit: Work = async (session, given) => {
  const pipeline = given.args[0] ?? '';
  const dryRun = dryRunMode(given);
  const wish = {
    pipeline,
    given: givenParameters(given),
    name: given.flags.name,
    now: session.io.clock.now(),
  };
  if (dryRun === 'client') {
    await printManifest(session, given, await offlineManifest(session, given, wish));
    return 0;
  }
  const cluster = await openCluster(session, given.flags);
  const { signal } = session;
  const parameters = await cluster.template(pipeline, { signal });
  const request = submitRequest({ ...wish, parameters });
  if (dryRun === 'server') {
    await printManifest(session, given, await cluster.preview(request, { signal }));
    return 0;
  }
  const asked: Asked = { cluster, request, parameters, isNamed: isNamedByWork(wish) };
  const { runName, there } = await createOrMeet(session, given, asked);
  if (given.flags.watch === true) return followRun(session, given, { cluster, runName });
  report(session, given, { cluster, runName, there });
  return 0;
};

/** `--dry-run` alone asks the server, which checks more. */
function dryRunMode(given: Given): 'server' | 'client' | null {
  const { dryRun } = given.flags;
  if (dryRun === undefined || dryRun === false) return null;
  return dryRun === 'client' ? 'client' : 'server';
}

interface Asked {
  cluster: WorkflowCluster;
  request: WorkflowRequest;
  parameters: readonly TemplateParameter[];
  /** The name stands for the work: meeting it again is meeting the same work. */
  isNamed: boolean;
}

interface Met {
  runName: string;
  /** The run that was there already; null when this one is new. */
  there: RunState | null;
}

/** Runs that may be named after the same second. */
const SAME_SECOND_MAX = 20;

async function createOrMeet(session: Session, given: Given, asked: Asked): Promise<Met> {
  const { cluster, isNamed } = asked;
  const { signal } = session;
  for (let count = 1; count <= SAME_SECOND_MAX; count += 1) {
    const suffix = count === 1 || isNamed ? '' : `-${count}`;
    const request = { ...asked.request, runName: `${asked.request.runName}${suffix}` };
    try {
      return { runName: await cluster.submit(request, { signal }), there: null };
    } catch (error) {
      if (signal.aborted) tellDoubt(session, given, request.runName);
      if (!(error instanceof PipelineError) || error.kind !== 'conflict') throw error;
    }
    if (!isNamed) continue;
    const there = await cluster.find(request.runName, { signal });
    // Deleted since: the name is free again.
    if (there === null) continue;
    checkMeeting({ session, given }, { ...asked, request }, there);
    tellMeeting(session, there);
    return { runName: there.runName, there };
  }
  throw new PipelineError(
    'conflict',
    `${asked.request.runName}: the name is taken again and again`,
    {
      hint: 'give another --name',
    },
  );
}

/** The same work under the same name is no error, unless it has failed: then it would not be done by this. */
function checkMeeting(
  { session, given }: { session: Session; given: Given },
  { request, parameters }: Asked,
  there: RunState,
): void {
  const commands = clusterCommands(session, given, there.runName);
  const differing = differingArguments(there, request, parameters);
  const isOther = there.pipeline !== undefined && there.pipeline !== request.pipeline;
  if (isOther || differing.length > 0) {
    const what = isOther ? `it runs ${there.pipeline}` : `it has another ${differing.join(', ')}`;
    throw new PipelineError('conflict', `${there.runName} is there already, and ${what}`, {
      hint: `give another --name, or delete it: ${commands.delete}`,
    });
  }
  if (there.phase !== 'Failed' && there.phase !== 'Error') return;
  throw new PipelineError(
    'conflict',
    `${there.runName} is there already, and has failed${since(there)}`,
    {
      hint: `to run it again, delete it (${commands.delete}) or give another --name; ${commands.follow} shows how it failed`,
    },
  );
}

/** Stopped while the answer was under way: the cluster may have made it. */
function tellDoubt(session: Session, given: Given, runName: string): void {
  const { follow, stop } = clusterCommands(session, given, runName);
  const text = `stopped before the answer came; if ${runName} was created, it runs on`;
  session.io.stderr.write(`${text}\n  ${follow}  # look\n  ${stop}  # stop it\n`);
}

function tellMeeting({ io }: Session, there: RunState): void {
  const text = `${there.runName} is there already: ${there.phase}${since(there)}; nothing was created`;
  io.stderr.write(`${text}\n`);
}

function since({ createdAt, startedAt, finishedAt }: RunState): string {
  const at = finishedAt ?? startedAt ?? createdAt;
  return ` since ${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function report(
  session: Session,
  given: Given,
  { cluster, runName, there }: Met & { cluster: WorkflowCluster },
): void {
  const { namespace, context } = cluster.place;
  const { follow, stop } = clusterCommands(session, given, runName);
  if (given.flags.json === true) {
    const phase = there?.phase ?? 'Pending';
    printJson(session, { runName, namespace, context, created: there === null, phase });
  } else session.io.stdout.write(`${runName}\n`);
  if (there === null)
    session.io.stderr.write(`submitted to namespace ${namespace} of ${context}\n`);
  const isOver = there?.finishedAt !== undefined;
  const lines = isOver
    ? [`  ${follow}  # how it went\n`]
    : [`  ${follow}  # watch it\n`, `  ${stop}  # stop it\n`];
  session.io.stderr.write(lines.join(''));
}
