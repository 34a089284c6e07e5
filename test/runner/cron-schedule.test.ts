import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../services/core/cron.ts';
import { nextRun } from '../../services/core/next-run.ts';
import { zoneFault } from '../../services/core/time-zone.ts';

function scheduleFault(schedule: string): string | null {
  const parsed = parseSchedule(schedule);
  return 'fault' in parsed ? parsed.fault : null;
}

/** What `argo lint --offline` of v4.1.2 says of each; `null` where it takes it. */
const RECORDED = JSON.parse(
  readFileSync(fileURLToPath(new URL('./lint/cron-verdicts.json', import.meta.url)), 'utf8'),
) as { schedules: Record<string, string | null>; zones: Record<string, string | null> };

describe('a schedule is judged as Argo judges it:', () => {
  it.each(Object.entries(RECORDED.schedules))('%j', (schedule, recorded) => {
    const fault = scheduleFault(schedule);
    const text = fault === null ? null : `cron schedule ${schedule} is malformed: ${fault}`;
    expect(text).toBe(recorded);
  });

  it.each(Object.entries(RECORDED.schedules))(
    '%j has a next time if it can come',
    (schedule, recorded) => {
      const isToCome = recorded === null && schedule !== '0 0 31 2 *';
      expect(nextRun(schedule, new Date('2026-11-21T12:00:00Z')) !== null).toBe(isToCome);
    },
  );

  it('a step below 0 is refused', () => {
    expect(scheduleFault('*/-1 * * * *')).toBe('negative number (-1) not allowed: -1');
  });

  it('one that makes the parser of Argo itself fail is refused', () => {
    expect(scheduleFault('TZ=UTC')).toContain('expected exactly 5 fields');
  });
});

describe('a time zone is judged as Argo judges it:', () => {
  it.each(Object.entries(RECORDED.zones))('%j', (zone, recorded) => {
    const fault = zoneFault(zone);
    expect(fault === null ? null : `invalid timezone ${JSON.stringify(zone)}: ${fault}`).toBe(
      recorded,
    );
  });
});
