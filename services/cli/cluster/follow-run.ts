import type { WorkflowCluster } from '../../ports/workflow-cluster.ts';
import type { NodeEvent, WorkflowOutcome } from '../../ports/workflow-engine.ts';
import { clusterCommands } from './commands.ts';
import { endOfClusterRun } from './end.ts';
import type { Given } from '../program.ts';
import type { Session } from '../session.ts';
import { type RunView, runView, terminalOf } from '../view/view.ts';

/**
 * Shows a run of the cluster as it goes, and how it ended; the exit code is 0, or that of the first step that failed.
 * A signal ends the showing, not the run.
 */
export async function followRun(
  session: Session,
  given: Given,
  { cluster, runName }: { cluster: WorkflowCluster; runName: string },
): Promise<number> {
  const { io, flags, signal, writer } = session;
  const terminal = terminalOf(io.stderr, io.env);
  const view = runView({
    stream: io.stderr,
    isTerminal: terminal.isTerminal,
    hasColor: terminal.hasColor && flags.color !== false,
    clock: io.clock,
  });
  const writeBefore = (line: string): unknown => io.stderr.write(line);
  writer.write = (line) => view.writeLine(line);
  const nodes = new Map<string, NodeEvent>();
  let outcome: WorkflowOutcome;
  try {
    outcome = await drawUntilEnd(cluster.follow(runName, { signal }), view, nodes);
  } catch (error) {
    view.end();
    if (!signal.aborted) throw error;
    const { follow, stop } = clusterCommands(session, given, runName);
    io.stderr.write(`${runName} runs on\n  ${follow}  # look again\n  ${stop}  # stop it\n`);
    // The signal decides the exit code: whoever sent it knows why.
    return 0;
  } finally {
    view.end();
    writer.write = writeBefore;
  }
  return endOfClusterRun(session, given, { cluster, outcome, nodes: [...nodes.values()] });
}

async function drawUntilEnd(
  events: ReturnType<WorkflowCluster['follow']>,
  view: RunView,
  nodes: Map<string, NodeEvent>,
): Promise<WorkflowOutcome> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    const event = next.value;
    nodes.set(event.name, event);
    view.onEvent(event);
    // A step in a cluster tells its counts when it has ended, by its output parameters.
    const { rows, objects } = event.outputs ?? {};
    const counts = { ...numeric('rowsWritten', rows), ...numeric('objectsWritten', objects) };
    if (event.type === 'Pod') view.onProgress(event.name, counts);
  }
}

function numeric(name: string, text: string | undefined): Record<string, number> {
  return text !== undefined && /^\d{1,15}$/.test(text) ? { [name]: Number(text) } : {};
}
