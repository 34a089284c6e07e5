import { planOf, rawSince, type ReplaySource } from '../../stages/observe/replay/replay.ts';

const LANDED = 'extracted/';
const MANIFEST = /^extracted\/(\d{4}-\d{2}-\d{2})\/manifest\.json$/;
const SOURCE = /^extracted\/(\d{4}-\d{2}-\d{2})\/raw_[^/]+\.csv$/;

/** From the landed sources: a run a day that extracts nothing, the oldest first, as they were loaded. */
export const financeReplay: ReplaySource = {
  raw: LANDED,
  remakes: ['clean/', 'the tables in the warehouse'],
  async plan(ports, since) {
    // A day without its manifest was never landed as a whole.
    const whole = new Set<string>();
    for await (const { key } of ports.store.list(LANDED, { signal: ports.signal })) {
      const day = MANIFEST.exec(key)?.[1];
      if (day !== undefined) whole.add(day);
    }
    const found = await rawSince(ports, { prefix: LANDED, since }, ({ key }) => {
      const day = SOURCE.exec(key)?.[1];
      return day !== undefined && whole.has(day) ? day : null;
    });
    const runs = found.days.map((day) => ({
      what: `sources of ${day}`,
      parameters: { extract: 'false', 'logical-date': day, trigger: 'backfill' },
    }));
    return planOf(found, runs);
  },
};
