import { planOf, rawSince, type ReplaySource } from '../../stages/observe/replay/replay.ts';
import { LANDING_PREFIX } from './plan/landed.ts';

/** From the landed replies: one run that asks the service for nothing and loads every day since. */
export const marketReplay: ReplaySource = {
  raw: LANDING_PREFIX,
  remakes: ['the fact table and its dimensions in the warehouse'],
  async plan(ports, since) {
    const found = await rawSince(ports, { prefix: LANDING_PREFIX, since }, ({ key }) =>
      dayIn(key.slice(LANDING_PREFIX.length)),
    );
    const [from = since] = found.days;
    const to = found.days.at(-1) ?? since;
    const parameters = {
      extract: 'false',
      reload: 'true',
      dates: `${from}..${to}`,
      'logical-date': to,
      trigger: 'backfill',
    };
    return planOf(found, [{ what: `replies of ${from} to ${to}`, parameters }]);
  },
};

function dayIn(rest: string): string | null {
  return /^(\d{4}-\d{2}-\d{2})\/[^/]+\.json$/.exec(rest)?.[1] ?? null;
}
