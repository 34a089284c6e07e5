import {
  dayStored,
  planOf,
  rawSince,
  type ReplaySource,
} from '../../stages/observe/replay/replay.ts';
import { LANDING_PREFIX } from './landed.ts';

/** From the landed ZIPs: one run without a fetch. It works on all ZIPs, for any of them may hold any vintage. */
export const famaFrenchReplay: ReplaySource = {
  raw: LANDING_PREFIX,
  remakes: ['raw_data/csv/', 'transformed_data/', 'ingestion_map/', '_catalog/'],
  async plan(ports, since) {
    const isZip = (key: string): boolean => /^raw_data\/[^/]+\.zip$/i.test(key);
    const found = await rawSince(ports, { prefix: LANDING_PREFIX, since }, (info) =>
      isZip(info.key) ? dayStored(info) : null,
    );
    const parameters = { fetch: 'false', force: 'true', trigger: 'backfill' };
    return planOf(found, [{ what: 'every landed ZIP', parameters }]);
  },
};
