import { PipelineError } from '../../../core/error.ts';
import type { Parameters } from '../../../core/parameter.ts';
import { CALENDAR_YEARS } from '../../../core/trading-calendar.ts';
import type { ParameterSpec, RunIdentity } from '../../../ports/step.ts';
import { isKnownDay } from './price-day.ts';

/** The days of extraction that a run loads, both included. */
export interface DaysToLoad {
  from: string;
  to: string;
  /** True when they are given, and not the day of the run. */
  isNamed: boolean;
}

/** The parameter that `daysToLoad` reads. */
export const DATES_PARAMETER: ParameterSpec = {
  name: 'dates',
  description: 'Days of extraction to load, FROM..TO or one; empty for that of the run',
  default: '',
};

const YEARS = `the years ${CALENDAR_YEARS.first} to ${CALENDAR_YEARS.last}`;

/** What `dates` and the run's day come to; `config-invalid` for days that the trading calendar does not know. */
export function daysToLoad(
  parameters: Parameters,
  { logicalDate }: Pick<RunIdentity, 'logicalDate'>,
): DaysToLoad {
  if (!isKnownDay(logicalDate)) {
    throw new PipelineError('config-invalid', `logical date ${logicalDate} cannot be`, {
      hint: `give a day of ${YEARS}`,
    });
  }
  const text = parameters['dates'] ?? '';
  const [from = '', to = from, ...rest] = text === '' ? [logicalDate] : text.split('..');
  if (rest.length === 0 && isKnownDay(from) && isKnownDay(to) && from <= to) {
    return { from, to, isNamed: text !== '' };
  }
  throw new PipelineError('config-invalid', `parameter dates="${text}" cannot be`, {
    hint: `give a day such as 2026-01-05, or a range such as 2026-01-05..2026-01-31, of ${YEARS}`,
  });
}
