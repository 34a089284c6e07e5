import { PipelineError } from '../core/error.ts';

/** True for a JSON object: no array, not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of the object's own; what it inherits (`constructor`, `__proto__`) is none. */
export function fieldOf(parent: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(parent, name) ? parent[name] : undefined;
}

/** A text of at least one character; `input-invalid` for anything else. */
export function requiredText(parent: Record<string, unknown>, name: string): string {
  const value = fieldOf(parent, name);
  if (typeof value === 'string' && value !== '') return value;
  throw new PipelineError('input-invalid', `event: a record has no ${name}`);
}

/** A text of this form; undefined when it is absent or empty, `input-invalid` when it is something else. */
export function optionalText(
  parent: Record<string, unknown>,
  name: string,
  form: RegExp,
): string | undefined {
  const value = fieldOf(parent, name);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && form.test(value)) return value;
  throw new PipelineError('input-invalid', `event: ${name} is not of its form`);
}
