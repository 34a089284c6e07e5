import { below, meant } from './report.ts';
import type { Report, Spot } from './report.ts';
import { runningSpecs } from './walk.ts';
import type { LintScene } from './walk.ts';
import { withDefaults } from '../template-source.ts';

/** A flag of a step, as the command line knows it. */
export interface StepFlag {
  name: string;
  required: boolean;
}

/** Every step that can be called: pipeline, then step, then its flags. */
export type StepCatalogue = Readonly<Record<string, Readonly<Record<string, readonly StepFlag[]>>>>;

interface Check {
  steps: StepCatalogue;
  report: Report;
}

/** The commands of the containers against the steps and flags that the command line knows. */
export function lintSteps(scene: LintScene, check: Check): void {
  const specs = runningSpecs(scene);
  for (const { template, document, path } of scene.templates) {
    if (template.container === undefined) continue;
    for (const spec of specs.get(template) ?? []) {
      const args = withDefaults(template, spec.templateDefaults).container?.args ?? [];
      lintArgs({ document, path: `${path}.container.args` }, args, check);
    }
  }
}

const holdsTag = (text: string): boolean => text.includes('{{');

function lintArgs(spot: Spot, args: readonly string[], { steps, report }: Check): void {
  const [command, pipeline, step, ...flags] = args;
  // What a cases' probe does is checked by its tests; it is no step of a pipeline.
  if (command === 'probe') return;
  if (command !== 'step') {
    if (command !== undefined && holdsTag(command)) return;
    const found = command === undefined ? 'there is none' : `not ${command}`;
    report(spot, 'step-unknown', `the first argument must be step, ${found}`);
    return;
  }
  if (pipeline === undefined || step === undefined) {
    report(spot, 'step-unknown', 'the arguments must go on with a pipeline and a step');
    return;
  }
  if (holdsTag(pipeline)) return;
  const known = Object.hasOwn(steps, pipeline) ? steps[pipeline] : undefined;
  if (known === undefined) {
    const message = `there is no pipeline ${pipeline}${meant(pipeline, Object.keys(steps))}`;
    report(below(spot, '[1]'), 'step-unknown', message);
    return;
  }
  if (holdsTag(step)) return;
  const declared = Object.hasOwn(known, step) ? known[step] : undefined;
  if (declared === undefined) {
    const message = `${pipeline} has no step ${step}${meant(step, Object.keys(known))}`;
    report(below(spot, '[2]'), 'step-unknown', message);
  } else lintFlags(spot, flags, { declared, step: `${pipeline} ${step}`, report });
}

interface Declared {
  declared: readonly StepFlag[];
  step: string;
  report: Report;
}

function lintFlags(
  spot: Spot,
  flags: readonly string[],
  { declared, step, report }: Declared,
): void {
  const names = declared.map(({ name }) => name);
  const given = new Set<string>();
  let isComplete = true;
  for (let at = 0; at < flags.length; at++) {
    const text = flags[at] ?? '';
    const place = below(spot, `[${at + 3}]`);
    const match = /^--([^=\s]+)(=?)([^]*)$/.exec(text);
    if (match === null) {
      if (holdsTag(text)) isComplete = false;
      else report(place, 'flag-unknown', `${text} is no flag of ${step}: flags begin with --`);
      continue;
    }
    const [, name = '', equals, rest = ''] = match;
    if (holdsTag(name)) isComplete = false;
    else if (!names.includes(name) || (equals === '' && rest !== '')) {
      const why = rest !== '' && equals === '' ? '; write --name=value' : meant(name, names);
      report(place, 'flag-unknown', `${step} has no flag ${text.split('=')[0] ?? text}${why}`);
    } else if (given.has(name)) report(place, 'flag-twice', `--${name} is given twice`);
    given.add(name);
    // `--name value` takes the next argument, whatever it is.
    if (equals === '' && rest === '') at++;
  }
  const missing = declared.filter(({ name, required }) => required && !given.has(name));
  if (!isComplete || missing.length === 0) return;
  const list = missing.map(({ name }) => `--${name}`).join(', ');
  report(spot, 'flag-missing', `${step} needs ${list}`);
}
