import {
  planOf,
  rawSince,
  type ReplayPorts,
  type ReplaySource,
} from '../../../stages/observe/replay/replay.ts';
import { readRuns } from '../../../stages/observe/run-record.ts';
import { FEED_NAMES, RAW } from '../door/raw-key.ts';
import { CURATED } from '../merge/merge.ts';
import { newestSet } from '../set/commit-set.ts';

const RUNS_MAX = 20;
const FILE = new RegExp(`^${RAW}(?:${FEED_NAMES.join('|')})/date=(\\d{4}-\\d{2}-\\d{2})/[^/]+$`);

/** From the raw files: one run that takes all files since again, as of the day that the tables were made for. */
export const commerceReplay: ReplaySource = {
  raw: RAW,
  remakes: ['processed/', 'curated/', 'quarantine/', '_catalog/'],
  async plan(ports, since) {
    const found = await rawSince(
      ports,
      { prefix: RAW, since },
      ({ key }) => FILE.exec(key)?.[1] ?? null,
    );
    const [from = since] = found.days;
    const to = found.days.at(-1) ?? since;
    const asOf = (await madeFor(ports)) ?? to;
    const parameters = {
      dates: `${from}..${to}`,
      force: 'true',
      trigger: 'backfill',
      'logical-date': asOf,
    };
    return planOf(found, [{ what: `files of ${from} to ${to}`, parameters }]);
  },
};

/** The day that the tables are made for; where no set tells it any more, that of the last good run. */
async function madeFor({ store, records }: ReplayPorts): Promise<string | null> {
  const set = await newestSet(store, CURATED);
  if (set?.attributes['as_of'] !== undefined) return set.attributes['as_of'];
  const runs = await readRuns(records, 'commerce', RUNS_MAX);
  return runs.find(({ status }) => status === 'success')?.logical_date ?? null;
}
