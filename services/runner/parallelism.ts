import { fault } from './fault.ts';
import { ALL, setPhase, tallyOf } from './run-state.ts';
import type { Run } from './run-state.ts';
import type { Node } from './node.ts';
import { kindOf } from './workflow.ts';
import type { Template } from './workflow.ts';

const STOPPED = 'template has failed or errored children and failFast enabled';

interface Candidate {
  template: Template;
  node: Node | undefined;
  boundary: string;
}

/**
 * Throws the fault `parallelism` when the node may not go on now: a bound is reached, or a sibling
 * has failed.
 */
export function checkParallelism(run: Run, { template, node, boundary }: Candidate): void {
  const total = run.spec.parallelism;
  if (total !== undefined && tallyOf(run, ALL).activePods >= total) throw reached();
  const kind = kindOf(template);
  if (node !== undefined && (kind === 'dag' || kind === 'steps')) {
    checkInside(run, node, template, tallyOf(run, node.name).activePods);
  }
  const starts = node === undefined || (node.phase !== 'Pending' && node.phase !== 'Running');
  if (boundary === '' || !starts) return;
  const around = run.nodes.get(boundary);
  if (around === undefined) return;
  const outer = run.written.get(boundary);
  if (outer !== undefined) {
    checkInside(run, around, outer, tallyOf(run, boundary).activeChildren);
  }
}

function checkInside(run: Run, node: Node, template: Template, active: number): void {
  const { activePods, unsuccessful } = tallyOf(run, node.name);
  if (template.failFast === true && unsuccessful > 0) {
    if (activePods === 0) {
      const group = kindOf(template) === 'steps' ? lastGroup(run, node) : undefined;
      if (group !== undefined) setPhase(run, group, 'Failed', STOPPED);
      setPhase(run, node, 'Failed', STOPPED);
    }
    throw reached();
  }
  if (template.parallelism !== undefined && active >= template.parallelism) throw reached();
}

function reached(): Error {
  return fault('Max parallelism reached', 'parallelism');
}

function lastGroup(run: Run, node: Node): Node | undefined {
  let last: Node | undefined;
  for (let index = 0; ; index++) {
    const group = run.nodes.get(`${node.name}[${index}]`);
    if (group === undefined) return last;
    last = group;
  }
}
