import { exitCodeOf } from '../../core/error.ts';
import { humaneCount, humaneDuration } from '../../core/humane.ts';
import { printable } from '../../core/printable.ts';
import type { WorkflowCluster } from '../../ports/workflow-cluster.ts';
import type { NodeEvent, WorkflowOutcome } from '../../ports/workflow-engine.ts';
import { clusterCommands, placeFlags } from './commands.ts';
import { type PodSaid, readPodLines } from './log.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Given } from '../program.ts';
import { type EndedNode, exitCodeOfRun, firstFailure, stepName } from '../run/run-failure.ts';
import type { Session } from '../session.ts';
import { formatSummary } from '../summary/summary.ts';

/** A run of the cluster that has ended, with the last event of each of its nodes. */
export interface ClusterEnd {
  cluster: WorkflowCluster;
  outcome: WorkflowOutcome;
  nodes: readonly NodeEvent[];
}

/** Lines shown of the log of the step that failed. */
const LOG_LINES_MAX = 20;

/** Asked for: those of Argo's executor are among them. */
const LOG_LINES_ASKED = 40;

/** Prints how a run ended and returns the exit code. */
export async function endOfClusterRun(
  session: Session,
  given: Given,
  end: ClusterEnd,
): Promise<number> {
  const { outcome } = end;
  const nodes = endedNodes(end.nodes);
  const exitCode = exitCodeOfCluster(outcome, nodes);
  if (given.flags.json === true) printJson(session, { ...outcome, exitCode, nodes: end.nodes });
  if (outcome.phase !== 'Succeeded')
    await printFailure(session, given, { ...end, nodes, events: end.nodes });
  else if (given.flags.json !== true) await printSummary(session, given, end);
  return exitCode;
}

async function printSummary(
  session: Session,
  given: Given,
  { cluster, outcome, nodes }: ClusterEnd,
): Promise<void> {
  const { namespace, context } = cluster.place;
  const state = await cluster.find(outcome.runName, { signal: session.signal });
  const place = placeFlags(given);
  const status = {
    command: `${session.self} status ${state?.pipeline} --cluster${place}`,
    about: 'runs and schedules',
  };
  const durationMs = outcome.finishedAt.getTime() - outcome.startedAt.getTime();
  const summary = {
    title: `${outcome.runName} succeeded`,
    facts: [
      ['namespace', `${namespace} (${context})`],
      ['steps', stepsText(nodes)],
      ...outputFacts(nodes),
      ['time', humaneDuration(durationMs)],
    ] as const,
    next: [
      ...(state?.pipeline === undefined ? [] : [status]),
      { command: `${session.self} follow ${outcome.runName}${place}`, about: 'this tree again' },
    ],
  };
  session.io.stdout.write(formatSummary(summary, { widthMax: widthOf(session) }));
}

/** Each step once, however often it was attempted: `5 succeeded, 1 skipped, 1 attempt repeated`. */
function stepsText(nodes: readonly NodeEvent[]): string {
  const retries = new Set(nodes.filter(({ type }) => type === 'Retry').map(({ name }) => name));
  const isAttempt = ({ parentName }: NodeEvent): boolean => retries.has(parentName ?? '');
  const steps = nodes.filter(
    (node) => ['Pod', 'Skipped', 'Retry'].includes(node.type) && !isAttempt(node),
  );
  const words = ['Succeeded', 'Failed', 'Error', 'Skipped', 'Omitted'].flatMap((phase) => {
    const count = steps.filter((node) => node.phase === phase).length;
    return count === 0 ? [] : [`${humaneCount(count)} ${phase.toLowerCase()}`];
  });
  const repeated = nodes.filter(isAttempt).length - retries.size;
  if (repeated > 0)
    words.push(`${humaneCount(repeated)} ${repeated === 1 ? 'attempt' : 'attempts'} repeated`);
  return words.join(', ');
}

/** What the steps have counted: their output parameters that are numbers, a fan-out's added up. */
function outputFacts(nodes: readonly NodeEvent[]): [string, string][] {
  const sums = new Map<string, Map<string, number>>();
  for (const { type, phase, templateName = '', outputs = {} } of nodes) {
    if (type !== 'Pod' || phase !== 'Succeeded') continue;
    for (const [name, value] of Object.entries(outputs)) {
      if (!/^\d{1,15}$/.test(value)) continue;
      const sum = sums.get(templateName) ?? new Map<string, number>();
      sum.set(name, (sum.get(name) ?? 0) + Number(value));
      sums.set(templateName, sum);
    }
  }
  return [...sums].map(([step, sum]) => [
    step,
    [...sum].map(([name, count]) => `${humaneCount(count)} ${name}`).join(', '),
  ]);
}

interface Failed {
  cluster: WorkflowCluster;
  outcome: WorkflowOutcome;
  nodes: readonly EndedNode[];
  events: readonly NodeEvent[];
}

/** On stderr: the last lines of the step that failed first, then one error, as a local run tells it. */
async function printFailure(session: Session, given: Given, failed: Failed): Promise<void> {
  const { outcome, nodes } = failed;
  const { stderr } = session.io;
  const commands = clusterCommands(session, given, outcome.runName);
  const first = firstFailure(nodes);
  if (first === undefined) {
    stderr.write(
      `error: ${printable(`${outcome.runName}: ${outcome.message ?? outcome.phase}`)}\n`,
    );
    const hint = isStopped(outcome.message)
      ? `somebody has stopped it; to run it again, delete it (${commands.delete}) or give another --name`
      : `kubectl describe workflow ${outcome.runName}${placeFlags(given)} tells more`;
    stderr.write(`hint: ${hint}\n`);
    return;
  }
  const step = stepName(first, nodes);
  const log = await lastLines(session, failed, first);
  const said = 'lines' in log ? log : { lines: [] };
  if (said.lines.length > 0) {
    const text = said.lines.map((line) => `  ${line}\n`).join('');
    stderr.write(`\nthe last lines of ${printable(step)}:\n${text}\n`);
  }
  const reason = said.reason ?? (first.message === '' ? first.phase : first.message);
  const hint =
    said.hint ??
    ('lines' in log
      ? `all lines: ${commands.logs}`
      : `no log: ${log.reason}; where logs are archived: ${commands.logs}`);
  stderr.write(`error: ${printable(`${outcome.runName}, step ${step}: ${reason}`)}\n`);
  stderr.write(`hint: ${printable(hint)}\n`);
}

async function lastLines(
  { config, signal }: Session,
  { cluster, outcome, events }: Failed,
  first: EndedNode,
): Promise<PodSaid | { reason: string }> {
  const event = events.find(({ name }) => name === first.name);
  if (event === undefined || event.type !== 'Pod') return { reason: 'the step has had no pod' };
  const { runName } = outcome;
  const { id: nodeId, name: nodeName, templateName = '' } = event;
  const attempt = { runName, nodeName, templateName, nodeId };
  const log = await cluster.log(attempt, LOG_LINES_ASKED, { signal });
  if ('reason' in log) return log;
  // What this side knows to be secret is masked; the step has masked its own.
  const secrets = config.secrets.map((one) => one.reveal());
  const said = readPodLines(log.lines, secrets);
  return { ...said, lines: said.lines.slice(-LOG_LINES_MAX) };
}

/** Nodes in the form in which a local run's are judged. */
export function endedNodes(events: readonly NodeEvent[]): EndedNode[] {
  const childrenOf = new Map<string, string[]>();
  for (const { name, parentName } of events) {
    if (parentName === undefined) continue;
    childrenOf.set(parentName, [...(childrenOf.get(parentName) ?? []), name]);
  }
  return events.map(({ name, displayName, type, phase, message = '', finishedAt, exitCode }) => ({
    name,
    displayName,
    type,
    phase,
    message,
    children: (childrenOf.get(name) ?? []).toSorted((a, b) => attemptOf(a) - attemptOf(b)),
    finishedAt: finishedAt ?? null,
    ...(exitCode === undefined ? {} : { outputs: { exitCode: String(exitCode) } }),
  }));
}

function attemptOf(name: string): number {
  return Number(/\((\d+)\)$/.exec(name)?.[1] ?? 0);
}

/**
 * The exit code of a run in the cluster: that of the first step that failed. Without one: `interrupted` for a run that
 * was stopped, `config-invalid` for one that the controller refused, `unavailable` for a step whose pod was lost.
 */
function exitCodeOfCluster(outcome: WorkflowOutcome, nodes: readonly EndedNode[]): number {
  if (outcome.phase === 'Succeeded') return 0;
  const first = firstFailure(nodes);
  if (first?.outputs?.exitCode !== undefined) return exitCodeOfRun({ ...outcome, nodes });
  const said = `${first?.message ?? ''} ${outcome.message ?? ''}`;
  if (isStopped(said)) return exitCodeOf('interrupted');
  return exitCodeOf(first === undefined ? 'config-invalid' : 'unavailable');
}

/** Argo's words for `argosy stop`, `argo stop` and `argo terminate`. */
function isStopped(text = ''): boolean {
  return /(?:stopped|shutdown) with strategy/i.test(text);
}
