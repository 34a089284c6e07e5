import { attempt, fault } from '../fault.ts';
import { argumentSource } from '../process-args.ts';
import type { TemplateBase } from '../template-source.ts';
import { checkArguments, checkHooks } from './arguments.ts';
import { addItems, addOutputs, checkTags, goOn, madeUpArguments, wrongFieldName } from './scope.ts';
import type { Lint, Scope } from './scope.ts';
import { exitHookOf } from '../workflow.ts';
import type { Call, Template } from '../workflow.ts';

interface Around {
  template: Template;
  base: TemplateBase;
  scope: Scope;
  lint: Lint;
}

/** Checks a steps template in the order in which Argo does. */
export function checkSteps(around: Around): void {
  const { template } = around;
  if (template.activeDeadlineSeconds !== undefined) {
    throw fault(
      `templates.${template.name}.activeDeadlineSeconds is only valid for leaf templates`,
    );
  }
  const names = new Set<string>();
  for (const [index, group] of (template.steps ?? []).entries()) {
    for (const step of group) {
      const { scope, lint } = around;
      const isSound = goOn(lint, () => {
        checkStepName(`templates.${template.name}.steps[${index}]`, step.name, names);
        checkStep(around, step, index);
      });
      // What a broken step gives is not known; whoever reads it has made no mistake.
      if (!isSound) scope.set(`steps.${step.name}.*`, true);
    }
  }
}

function checkStepName(path: string, name: string | undefined, names: Set<string>): void {
  if (name === undefined || name === '') throw fault(`${path}.name is required`);
  if (names.has(name)) throw fault(`${path}.name '${name}' is not unique`);
  const wrong = wrongFieldName(name);
  if (wrong !== null) throw fault(`${path}.name '${name}' is invalid: ${wrong}`);
  names.add(name);
}

function checkStep({ template, base, scope, lint }: Around, step: Call, index: number): void {
  const path = `templates.${template.name}.steps[${index}].${step.name}`;
  const within = <T>(prefix: string, work: () => T): T => {
    const result = attempt(work, prefix);
    if ('fault' in result) throw result.fault;
    return result.value;
  };
  scope.set(`steps.${step.name}.status`, true);
  within(`${path} `, () => addItems(step, scope));
  checkArguments(`${path}.arguments.`, step.arguments, false);
  const resolved = within(`${path} `, () => {
    return lint.holder({ call: step, base, source: madeUpArguments });
  });
  const own = { root: 'steps' as const, name: step.name, lint, scope };
  if (exitHookOf(step, {}) !== undefined) {
    addOutputs(resolved, own, { aggregate: false, ancestor: false });
  }
  checkHooks(step.hooks, path);
  const stepScope: Scope = new Map(scope);
  for (const { name } of step.inline?.inputs?.parameters ?? []) {
    stepScope.set(`inputs.parameters.${name}`, true);
  }
  within(`templates.${template.name}.steps `, () => checkTags(step, stepScope, lint));
  const aggregate = (step.withItems?.length ?? 0) > 0 || (step.withParam ?? '') !== '';
  addOutputs(resolved, own, { aggregate, ancestor: false });
  within(`${path} `, () => {
    return lint.holder({ call: step, base, source: argumentSource(step.arguments) });
  });
}
