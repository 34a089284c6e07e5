import { createHash } from 'node:crypto';
import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import type { RunState, TemplateParameter } from '../../ports/workflow-cluster.ts';
import type { WorkflowRequest } from '../../ports/workflow-engine.ts';
import { isDay } from '../run/run-identity.ts';
import { runName } from '../run/run-request.ts';

type Values = Readonly<Record<string, string>>;

/** What a submit is made from. */
export interface SubmitWish {
  pipeline: string;
  /** Those of the pipeline's template. */
  parameters: readonly TemplateParameter[];
  /** Those of `-p`. */
  given: Values;
  name: string | undefined;
  now: Date;
}

/**
 * The request, with every argument checked against the template: `config-invalid` for a name that it does not have, a
 * value that it does not list, a value that is missing, or a logical date that is none.
 *
 * With `-p logical-date=…` the name follows from the work: pipeline, date, and a hash of what else differs from the
 * template's values. Submitting the same work twice then meets itself. Without, it follows from the time.
 */
export function submitRequest(wish: SubmitWish): WorkflowRequest {
  const { pipeline, parameters, given, now } = wish;
  const names = parameters.map(({ name }) => name);
  for (const [name, value] of Object.entries(given)) checkArgument(wish, name, value);
  const wantsDate = parameters.some(
    ({ name, value }) => name === 'logical-date' && value === undefined,
  );
  const values: Record<string, string> = {
    ...(wantsDate ? { 'logical-date': now.toISOString().slice(0, 10) } : {}),
    ...given,
  };
  const lacking = parameters.find(({ name, value }) => value === undefined && !(name in values));
  if (lacking !== undefined) {
    const about = lacking.description === undefined ? '' : ` (${lacking.description})`;
    throw new PipelineError('config-invalid', `${pipeline} needs -p ${lacking.name}=…${about}`, {
      hint: `it takes ${names.join(', ')}`,
    });
  }
  const trigger = values['trigger'] ?? defaultsOf(parameters)['trigger'] ?? 'manual';
  const date = values['logical-date'];
  return {
    pipeline,
    arguments: values,
    runName: wish.name ?? nameOf(wish),
    labels: {
      trigger,
      ...(date === undefined ? {} : { 'logical-date': date }),
    },
  };
}

/** True when the name says which work it is, so that the same name means the same work. */
export function isNamedByWork({ given, name }: Pick<SubmitWish, 'given' | 'name'>): boolean {
  return name !== undefined || (given['logical-date'] ?? '') !== '';
}

function nameOf({ pipeline, parameters, given, now }: SubmitWish): string {
  const date = given['logical-date'] ?? '';
  if (date === '') return runName(pipeline, now);
  const own = Object.entries(overridesOf(given, defaultsOf(parameters)))
    .filter(([name]) => name !== 'logical-date')
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const plain = `${pipeline}-${date.replaceAll('-', '')}`;
  if (own.length === 0) return plain;
  return `${plain}-${createHash('sha256').update(JSON.stringify(own)).digest('hex').slice(0, 8)}`;
}

function checkArgument({ pipeline, parameters }: SubmitWish, name: string, value: string): void {
  const names = parameters.map((one) => one.name);
  const parameter = parameters.find((one) => one.name === name);
  if (parameter === undefined) {
    const near = nearest(name, names);
    const known = names.length === 0 ? 'it takes none' : `it takes ${names.join(', ')}`;
    const hint = near === undefined ? known : `did you mean ${near}? It takes ${names.join(', ')}`;
    throw new PipelineError('config-invalid', `${pipeline} has no parameter ${name}`, { hint });
  }
  if (value.includes('{{')) {
    throw new PipelineError(
      'config-invalid',
      `-p ${name}=${value}: Argo would expand what is in {{ }}`,
      {
        hint: 'give the value itself',
      },
    );
  }
  if (parameter.enum !== undefined && !parameter.enum.includes(value)) {
    const choices = parameter.enum.map((one) => (one === '' ? '""' : one)).join(', ');
    throw new PipelineError('config-invalid', `-p ${name}=${value}: not one of its values`, {
      hint: `it may be ${choices}`,
    });
  }
  if (name === 'logical-date' && value !== '' && !isDay(value)) {
    throw new PipelineError('config-invalid', `-p logical-date=${value} is no day`, {
      hint: 'write it as yyyy-mm-dd, for example 2026-01-05',
    });
  }
}

function defaultsOf(parameters: readonly TemplateParameter[]): Record<string, string> {
  return Object.fromEntries(
    parameters.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The arguments that differ from the template's own values. */
function overridesOf(values: Values, defaults: Values): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => defaults[name] !== value),
  );
}

/**
 * The names of the arguments in which a run that is there differs from the one that is asked for. One that was given
 * with the template's own value is the same as one that was not given.
 */
export function differingArguments(
  there: RunState,
  request: WorkflowRequest,
  parameters: readonly TemplateParameter[],
): string[] {
  const defaults = defaultsOf(parameters);
  const theirs = overridesOf(there.arguments, defaults);
  const ours = overridesOf(request.arguments, defaults);
  const names = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
  return [...names].filter((name) => theirs[name] !== ours[name]).toSorted();
}
