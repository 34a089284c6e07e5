import type { Verdict } from '../../services/runner/lint.ts';
import type { Case, Played } from './case.ts';

/** Where lint or submit says something else than the recording. */
export function verdictProblems(what: string, actual: Verdict, expected: Verdict): string[] {
  if (actual.accepted !== expected.accepted) {
    return [`${what}: accepted ${String(actual.accepted)}, ${actual.text ?? ''}`];
  }
  // The recorded text begins with the tool's own prefix, and quotes are escaped in a log line.
  const recorded = expected.text?.replaceAll('\\"', '"') ?? '';
  return recorded.includes(actual.text ?? '') ? [] : [`${what}: ${actual.text ?? ''}`];
}

/** Where the run broke the recorded order, a bound or a wait. */
export function timeProblems(name: string, played: Played, recorded: Case): string[] {
  const problems = (recorded.order ?? []).flatMap(([first, second]) => {
    const [a, b] = [played.times.get(first), played.times.get(second)];
    // A DAG or steps node is the parent of what runs inside it, and of nothing that starts after it.
    if (a === undefined || b === undefined || a.type === 'DAG' || a.type === 'Steps') return [];
    return a.endMs <= b.startMs ? [] : [`${second} starts before ${first} ends`];
  });
  const bound = recorded.maxOverlap?.podNodes ?? Infinity;
  if (name.includes('parallelism') && maxPods(played.times) > bound) problems.push('too many pods');
  if (name.includes('mutex') && played.maxContainers !== 1) problems.push('containers overlap');
  for (const [retry, gaps] of Object.entries(recorded.retryGapSeconds ?? {})) {
    problems.push(...gapProblems(played, retry, gaps));
  }
  return problems;
}

/** The most Pod nodes at one time. */
export function maxPods(times: Played['times']): number {
  const pods = [...times.values()].filter(({ type }) => type === 'Pod');
  const at = (ms: number): number =>
    pods.filter(({ startMs, endMs }) => startMs <= ms && ms < endMs).length;
  return Math.max(0, ...pods.map(({ startMs }) => at(startMs)));
}

/**
 * Between attempts at least the backoff passes; the recorded gap has the controller's period in it
 * and is longer. One recorded case has a backoff of 12 s and then 24 s, and the gaps 15 s and 42 s.
 */
function gapProblems({ times }: Played, retry: string, gaps: readonly number[]): string[] {
  const isBackoffCase = gaps[0] === 15 && gaps[1] === 42;
  return gaps.flatMap((_, index) => {
    const before = times.get(`${retry}(${index})`);
    const after = times.get(`${retry}(${index + 1})`);
    if (before === undefined || after === undefined) return [`${retry}: no attempt ${index + 1}`];
    const leastMs = isBackoffCase ? 12_000 * 2 ** index : 0;
    const gapMs = after.startMs - before.endMs;
    return gapMs >= leastMs ? [] : [`${retry}: attempt ${index + 1} after ${gapMs} ms`];
  });
}

/** Where a node was told before its parent, or not at all. */
export function eventProblems({ events, run }: Played): string[] {
  const seen = new Set<string>();
  const early = events.flatMap(({ name, parentName }) => {
    seen.add(name);
    return parentName === undefined || seen.has(parentName) ? [] : [`${name} before its parent`];
  });
  return seen.size === run.nodes.length ? early : [...early, `${seen.size} nodes were told`];
}
