import { printable } from '../../core/printable.ts';
import type { NodeEvent } from '../../ports/workflow-engine.ts';

const WAIT = /^Backoff for (.+)$/;

/** Tells, a line each, which step of a run has failed and after what time it is tried again. */
export function retryLines(
  runId: string,
  write: (line: string) => void,
): (event: NodeEvent) => void {
  const failed = new Map<string, string>();
  const told = new Map<string, string>();
  return ({ id, name, displayName, type, phase, message, error, parentName }) => {
    const why = error ?? message ?? '';
    if (type === 'Pod' && (phase === 'Failed' || phase === 'Error') && parentName !== undefined) {
      failed.set(parentName, `${name}: ${why}`);
    }
    const wait = type === 'Retry' ? WAIT.exec(message ?? '')?.[1] : undefined;
    const last = failed.get(name) ?? '';
    if (wait === undefined || told.get(id) === last) return;
    told.set(id, last);
    const reason = last.slice(last.indexOf(': ') + 2).split('\n')[0] ?? '';
    write(printable(`${runId}: ${displayName} failed, next try in ${wait}: ${reason}`));
  };
}
