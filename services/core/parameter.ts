import { PipelineError } from './error.ts';

export type Parameters = Readonly<Record<string, string>>;

/** A parameter that is a whole number from `min` up; `config-invalid` for anything else. */
export function wholeParameter(parameters: Parameters, name: string, min: number): number {
  const text = parameters[name] ?? '';
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min) return value;
  throw invalid(name, text, `give a whole number from ${min} up`);
}

/** A parameter that is `true` or `false`; `config-invalid` for anything else. */
export function switchParameter(parameters: Parameters, name: string): boolean {
  const text = parameters[name] ?? '';
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalid(name, text, 'give true or false');
}

/** A parameter that has the form of the pattern, or is empty; `config-invalid` with the form in words otherwise. */
export function optionalParameter(
  parameters: Parameters,
  name: string,
  form: { pattern: RegExp; words: string },
): string | null {
  const text = parameters[name] ?? '';
  if (text === '') return null;
  if (form.pattern.test(text)) return text;
  throw invalid(name, text, `give ${form.words}, or nothing`);
}

function invalid(name: string, text: string, hint: string): PipelineError {
  return new PipelineError('config-invalid', `parameter ${name}="${text}" cannot be`, { hint });
}
