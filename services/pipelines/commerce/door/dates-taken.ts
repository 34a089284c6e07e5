import { PipelineError } from '../../../core/error.ts';
import { type Parameters, switchParameter } from '../../../core/parameter.ts';
import type { ParameterSpec } from '../../../ports/step.ts';
import { isDay } from './raw-key.ts';

/** Which files a run takes: all that are new or changed, or those of some days, these also when they are known. */
export interface DatesTaken {
  /** Null for all. */
  range: { from: string; to: string } | null;
  isForced: boolean;
}

/** The parameter that `validate` and the steps of feeds read. */
export const DATES_PARAMETER: ParameterSpec = {
  name: 'dates',
  description: 'Only files of these days, FROM..TO or one; empty for all',
  default: '',
};

/** With `DATES_PARAMETER`, of the steps of feeds. */
export const FORCE_PARAMETER: ParameterSpec = {
  name: 'force',
  description: 'true: take files that are known again',
  default: 'false',
};

/** What the two parameters come to; `config-invalid` for what are no days. */
export function datesTaken(parameters: Parameters): DatesTaken {
  const text = parameters[DATES_PARAMETER.name] ?? '';
  const isForced =
    parameters[FORCE_PARAMETER.name] !== undefined &&
    switchParameter(parameters, FORCE_PARAMETER.name);
  if (text === '') return { range: null, isForced };
  const [from = '', to = from, ...rest] = text.split('..');
  if (rest.length === 0 && isDay(from) && isDay(to) && from <= to) {
    return { range: { from, to }, isForced };
  }
  throw new PipelineError('config-invalid', `parameter dates="${text}" cannot be`, {
    hint: 'give a day such as 2026-01-05, or a range such as 2026-01-05..2026-01-31',
  });
}

/** Whether a file of the folder `date=…` is one of them; with days, one without such a folder is not. */
export function isTaken({ range }: DatesTaken, date: string | null): boolean {
  return range === null || (date !== null && date >= range.from && date <= range.to);
}
