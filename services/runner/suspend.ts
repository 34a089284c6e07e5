import { durationMs } from './go-text.ts';
import type { Node } from './node.ts';
import { initNode, setPhase, wakeAt } from './run-state.ts';
import type { Execution, Run } from './run-state.ts';
import type { Template } from './workflow.ts';

/**
 * A suspend template: goes on by itself after its duration; without one it waits for people, which
 * is told at the end.
 */
export function executeSuspend(run: Run, execution: Execution, template: Template): Node {
  const { name, holder, options } = execution;
  const node =
    run.nodes.get(name) ??
    initNode(run, {
      name,
      type: 'Suspend',
      holder,
      phase: 'Pending',
      options,
      inputs: template.inputs?.parameters,
    });
  const duration = template.suspend?.duration ?? '';
  if (duration !== '') {
    const until = new Date(node.startedAt.getTime() + durationMs(duration));
    if (run.clock.now() >= until) {
      const parameters = (template.outputs?.parameters ?? []).flatMap(
        ({ name: output, valueFrom }) => {
          return valueFrom?.supplied === undefined || valueFrom.default === undefined
            ? []
            : [{ name: output, value: valueFrom.default }];
        },
      );
      if (parameters.length > 0) node.outputs = { parameters };
      return setPhase(run, node, 'Succeeded');
    }
    wakeAt(run, until);
  } else {
    run.waiting.set(name, `${name} is suspended without a duration; a local run cannot be resumed`);
  }
  return setPhase(run, node, 'Running');
}
