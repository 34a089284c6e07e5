import { PipelineError } from '../../../core/error.ts';
import { newYorkDay } from '../../../core/trading-calendar.ts';

/** How late after its day a run may ask for it, such as one that was scheduled shortly before midnight. */
const LATE_MS_MAX = 6 * 3_600_000;

/**
 * What the service answers is of now, so a run asks on its own day alone: `config-invalid` for one to come, under which the
 * prices of now would win until then, and for one that is over, whose landed replies they would replace.
 */
export function refuseOtherDay(now: Date, logicalDate: string): void {
  const late = new Date(now.getTime() - LATE_MS_MAX);
  const days = [now.toISOString().slice(0, 10), newYorkDay(now), newYorkDay(late)];
  if (days.includes(logicalDate)) return;
  const message = `prices are asked for on their day alone: it is ${days[0] ?? ''}, not ${logicalDate}`;
  throw new PipelineError('config-invalid', message, {
    hint: `without logical-date it is today; what is landed for a day is loaded again by argosy backfill market-data --from ${logicalDate} --to ${logicalDate}`,
  });
}
