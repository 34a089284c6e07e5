import { parseSchedule, type TimedSchedule } from './cron.ts';
import { momentOf, zoneClock, type ZoneClock } from './time-zone.ts';

/** A schedule for which no day is found in so many has none: 29 February comes at least every 8 years. */
const DAYS_MAX = 366 * 8;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface ScheduleContext {
  /** IANA name of the CronWorkflow's zone; empty for the controller's own, which is taken for UTC. */
  timezone?: string;
  /** When it was started last: an interval counts from then, otherwise from `after`. */
  lastAt?: Date | undefined;
}

/** A schedule as the controller reads it: with the zone in front (source: CronWorkflowSpec.withTimezone). */
export function zonedSchedule(schedule: string, timezone: string): string {
  return timezone === '' ? schedule : `CRON_TZ=${timezone} ${schedule}`;
}

/**
 * The first time after `after` at which Argo starts a schedule. A local time that a change of clocks leaves out is passed
 * over. Null for a schedule or a zone that cannot be read, and for one that never comes.
 */
export function nextRun(
  schedule: string,
  after: Date,
  { timezone = '', lastAt = after }: ScheduleContext = {},
): Date | null {
  const parsed = parseSchedule(zonedSchedule(schedule, timezone));
  if ('fault' in parsed) return null;
  if ('intervalMs' in parsed) {
    const { intervalMs } = parsed;
    const lastMs = Math.floor(lastAt.getTime() / 1000) * 1000;
    const count = Math.floor((after.getTime() - lastMs) / intervalMs) + 1;
    return new Date(lastMs + Math.max(1, count) * intervalMs);
  }
  const zone = zoneClock(parsed.zone === '' ? 'UTC' : parsed.zone);
  return zone === null ? null : nextTime(parsed, after, zone);
}

function nextTime(schedule: TimedSchedule, after: Date, zone: ZoneClock): Date | null {
  const first = zone(after);
  for (let count = 0; count <= DAYS_MAX; count += 1) {
    const day = new Date(Date.UTC(first.year, first.month - 1, first.day) + count * DAY_MS);
    if (!fits(schedule, day)) continue;
    for (const hour of schedule.hours) {
      for (const minute of schedule.minutes) {
        const local = day.getTime() + (hour * 60 + minute) * MINUTE_MS;
        const moment = momentOf(local, zone);
        if (moment !== null && moment > after) return moment;
      }
    }
  }
  return null;
}

function fits({ days, months, weekdays, isEitherDay }: TimedSchedule, day: Date): boolean {
  if (!months.has(day.getUTCMonth() + 1)) return false;
  const isDay = days.has(day.getUTCDate());
  const isWeekday = weekdays.has(day.getUTCDay());
  return isEitherDay ? isDay || isWeekday : isDay && isWeekday;
}
