import { evaluateCondition, expressionEnv } from './expression.ts';
import { fault } from './fault.ts';
import { durationMs, durationText, floatText } from './go-text.ts';
import { isFailed, isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { setPhase, wakeAt } from './run-state.ts';
import type { ExecuteOptions, Run } from './run-state.ts';
import type { RetryStrategy } from './workflow.ts';

/** The attempts of a Retry node, in order; hooks hang from it too and are none. */
export function attemptsOf(run: Run, node: Node): Node[] {
  const attempts: Node[] = [];
  for (const name of node.children) {
    const child = run.nodes.get(name);
    if (child?.flag.retried === true) attempts.push(child);
  }
  return attempts;
}

/** Seconds that a node took, as Go prints them. */
export function secondsOf(node: Node): string {
  const endMs = (node.finishedAt ?? node.startedAt).getTime();
  return floatText((endMs - node.startedAt.getTime()) / 1000);
}

function wholeNumber(value: string | number | undefined, field: string): number | null {
  if (value === undefined) return null;
  const text = String(value);
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw fault(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax (${field})`);
}

/**
 * Decides what a Retry node does next, from its attempts. False while it waits for the next
 * attempt; true when the node has ended (its phase says so), when an attempt is under way, or when
 * a new attempt is due.
 */
export function decideRetry(
  run: Run,
  node: Node,
  { strategy, options }: { strategy: RetryStrategy; options: ExecuteOptions },
): boolean {
  if (isFulfilled(node)) return true;
  const attempts = attemptsOf(run, node);
  const last = attempts.at(-1);
  if (last === undefined || !isFulfilled(last)) return true;
  const end = (message: string): true => {
    setPhase(run, node, last.phase, message);
    return true;
  };
  if (!isFailed(last)) {
    if (last.outputs !== undefined) node.outputs = structuredClone(last.outputs);
    setPhase(run, node, 'Succeeded');
    return true;
  }
  if (run.shutdown && !options.onExit) return end("Stopped with strategy 'Stop'");
  if (run.deadline !== null && run.clock.now() > run.deadline) {
    return end(`retry exceeded workflow deadline ${run.deadline.toISOString()}`);
  }
  const limit = wholeNumber(strategy.limit, 'limit');
  const pause = backoff(run, { strategy, attempts, limit, options });
  if (typeof pause === 'string') return end(pause);
  const refusal = refusalOf(strategy, attempts, limit);
  // Argo waits first and then finds that there is nothing to wait for; the outcome is the same.
  if (pause !== null && refusal === null) {
    wakeAt(run, pause.until);
    setPhase(run, node, node.phase, `Backoff for ${durationText(pause.waitMs)}`);
    return false;
  }
  if (strategy.backoff !== undefined) setPhase(run, node, node.phase, '');
  return refusal === null ? true : end(refusal);
}

/** Why there is no further attempt, in the words of the Retry node; `null` when there may be one. */
function refusalOf(
  strategy: RetryStrategy,
  attempts: readonly Node[],
  limit: number | null,
): string | null {
  const last = attempts.at(-1);
  if (last !== undefined && !allowedByPolicy(strategy, last)) return last.message;
  if (limit !== null && attempts.length > limit) return 'No more retries left';
  const expression = strategy.expression ?? '';
  if (expression !== '' && !expressionHolds(expression, attempts)) {
    return 'retryStrategy.expression evaluated to false';
  }
  return null;
}

/**
 * Told when the time for attempts is over or the next one would begin after it. Argo has words of
 * its own for the latter, which are seen only when its controller happens to look in time; these
 * are the recorded ones.
 */
const MAX_DURATION = 'Max duration limit exceeded';

interface Backoff {
  strategy: RetryStrategy;
  attempts: readonly Node[];
  limit: number | null;
  options: ExecuteOptions;
}

/**
 * When the next attempt may start; a text when the time for attempts is over; `null` when it may
 * start now.
 */
function backoff(
  run: Run,
  { strategy, attempts, limit, options }: Backoff,
): { until: Date; waitMs: number } | string | null {
  const rule = strategy.backoff;
  const [first, last] = [attempts[0], attempts.at(-1)];
  if (rule === undefined || first === undefined || last === undefined) return null;
  const now = run.clock.now();
  let finalMs = Infinity;
  if ((rule.maxDuration ?? '') !== '') {
    finalMs = first.startedAt.getTime() + durationMs(rule.maxDuration ?? '');
    if (now.getTime() > finalMs) return MAX_DURATION;
  }
  if ((rule.duration ?? '') === '') throw fault('no base duration specified for retryStrategy');
  let waitMs = durationMs(rule.duration ?? '');
  const factor = wholeNumber(rule.factor, 'factor');
  if (factor !== null && factor > 0) waitMs *= factor ** (attempts.length - 1);
  if ((rule.cap ?? '') !== '') waitMs = Math.min(waitMs, durationMs(rule.cap ?? ''));
  const untilMs = (last.finishedAt ?? now).getTime() + waitMs;
  if (untilMs > finalMs) return MAX_DURATION;
  if (now.getTime() < untilMs && limit !== null && attempts.length <= limit) {
    return { until: new Date(untilMs), waitMs };
  }
  if (finalMs < Infinity) options.deadline = new Date(finalMs);
  return null;
}

function allowedByPolicy(
  { retryPolicy, expression }: RetryStrategy,
  { phase, message }: Node,
): boolean {
  const given = retryPolicy ?? '';
  const policy = given !== '' ? given : (expression ?? '') === '' ? 'OnFailure' : 'Always';
  switch (policy) {
    case 'Always':
      return true;
    case 'OnError':
      return phase === 'Error';
    case 'OnFailure':
      return phase === 'Failed';
    case 'OnTransientError':
      return isTransient(message);
    default:
      throw fault(`${policy} is not a valid RetryPolicy`);
  }
}

const TRANSIENT = [
  'i/o timeout',
  'connection reset by peer',
  'tls handshake timeout',
  'http2: client connection lost',
  'connection refused',
  'too many requests',
  'etcdserver: request timed out',
  'etcdserver: leader changed',
  'exceeded quota',
];

/** Messages that Argo takes for a fault of the cluster that may pass. */
function isTransient(message: string): boolean {
  const text = message.toLowerCase();
  return TRANSIENT.some((part) => text.includes(part));
}

/** The variables `retries` and `lastRetry.*` for the attempt that comes after `last`. */
export function retryVariables(
  retries: number,
  last: Node | undefined,
  exitCode: string,
): Map<string, string> {
  return new Map([
    ['retries', String(retries)],
    ['lastRetry.exitCode', last?.outputs?.exitCode ?? exitCode],
    ['lastRetry.status', last?.phase ?? ''],
    ['lastRetry.duration', last === undefined ? '0' : secondsOf(last)],
    ['lastRetry.message', last?.message ?? ''],
  ]);
}

function expressionHolds(expression: string, attempts: readonly Node[]): boolean {
  const variables = retryVariables(attempts.length - 1, attempts.at(-1), '-1');
  return evaluateCondition(expression, expressionEnv(variables));
}
