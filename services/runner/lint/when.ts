import { readDependencies, dependsHolds } from '../depends.ts';
import { attempt } from '../fault.ts';
import { judgeExpression, tagsOf, WORKFLOW_ENV } from './expression.ts';
import type { ExpressionEnv } from './expression.ts';
import { below } from './report.ts';
import type { Report, Spot } from './report.ts';
import { effectiveSpec, startersOf } from './walk.ts';
import type { CallSite, LintScene } from './walk.ts';
import { shouldExecute } from '../when.ts';
import type { Parameter } from '../workflow.ts';

/** What may stand for a value that is known only at run time: a condition that fails with each of them always fails. */
const STAND_INS = ['1', 'word', 'true'];
/** A tag that is one `{{…}}`, an expression or a name. */
const TAG = /\{\{(?:(?!\}\}).)*\}\}/gs;

/** `when` and `depends` of every task and step. */
export function lintConditions(scene: LintScene, report: Report): void {
  for (const site of scene.calls) {
    const { call, document } = site;
    const givers = [document, ...startersOf(scene, document)];
    const parameters = givers.flatMap((giver) => {
      return effectiveSpec(giver, scene.catalogue).arguments?.parameters ?? [];
    });
    if ((call.when ?? '') !== '') {
      lintWhen(below(site, '.when'), call.when ?? '', { parameters, report, env: WORKFLOW_ENV });
    }
    if ((call.depends ?? '') !== '') lintDepends(site, report);
  }
}

/** Where a condition is written: what it may read. */
export interface WhenAround {
  parameters: readonly Parameter[];
  report: Report;
  env: ExpressionEnv;
}

/** A condition that fails whatever its tags stand for, or with the default of the parameter that it reads. */
export function lintWhen(spot: Spot, when: string, { parameters, report, env }: WhenAround): void {
  for (const { expression } of tagsOf(when)) {
    if (expression !== undefined && judgeExpression(expression, env).faults.length > 0) return;
  }
  const whole = /^\{\{=([^]*)\}\}$/.exec(when.trim());
  if (whole !== null && tagsOf(when).length === 1) {
    const { kind } = judgeExpression(whole[1] ?? '', env);
    if (kind === 'bool' || kind === 'unknown' || kind === 'string') return;
    report(spot, 'when', `the condition ${when} gives a ${kind}, not true or false`);
    return;
  }
  const always = STAND_INS.map((word) => conditionFault(when, () => word));
  const [first] = always;
  if (first !== undefined && always.every((one) => one !== null)) {
    report(spot, 'when', `the condition ${when} fails when it is looked at: ${first ?? ''}`);
    return;
  }
  for (const { name, value } of knownValues(when, parameters)) {
    const fills = STAND_INS.map((word) => {
      return conditionFault(when, (tag) => (tag === `workflow.parameters.${name}` ? value : word));
    });
    if (!fills.every((one) => one !== null)) continue;
    const shown = value === '' ? 'empty' : `"${value}"`;
    report(spot, 'when', `the condition ${when} fails when ${name} is ${shown}: ${fills[0] ?? ''}`);
  }
}

/** Why the condition fails when its tags are filled in; `null` when it gives true or false. */
function conditionFault(when: string, fill: (name: string) => string): string | null {
  const filled = when.replaceAll(TAG, (tag) => fill(tag.slice(2, -2).trim()));
  const result = attempt(() => shouldExecute(filled));
  return 'fault' in result ? result.fault.message : null;
}

/** The values that the parameters in a condition are declared with: the default and those of the enum. */
function knownValues(
  when: string,
  parameters: readonly Parameter[],
): { name: string; value: string }[] {
  const read = new Set(tagsOf(when).map(({ name }) => name));
  return parameters
    .filter(({ name }) => read.has(`workflow.parameters.${name}`))
    .flatMap(({ name, value, enum: choices = [] }) => {
      const values = new Set(value === undefined ? choices : [value, ...choices]);
      return [...values].filter((one) => !one.includes('{{')).map((one) => ({ name, value: one }));
    });
}

function lintDepends(site: CallSite, report: Report): void {
  const { call, owner } = site;
  const tasks = owner.dag?.tasks ?? [];
  const { names, condition } = readDependencies(call, (name) =>
    tasks.find((task) => task.name === name),
  );
  const ended = { phase: 'Succeeded', anySucceeded: true, allFailed: false };
  const failed = { phase: 'Failed', anySucceeded: false, allFailed: true };
  for (const end of [ended, failed]) {
    const results = new Map([...names.keys()].map((name) => [name, end]));
    const result = attempt(() => dependsHolds(condition, results));
    if (!('fault' in result)) continue;
    const reason = result.fault.message.split(': ').slice(1).join(': ').split('\n')[0] ?? '';
    report(below(site, '.depends'), 'depends', `depends ${call.depends ?? ''}: ${reason}`);
    return;
  }
}
