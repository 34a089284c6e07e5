import { encodeEventKey } from '../../core/key.ts';
import {
  dayStored,
  planOf,
  rawSince,
  type ReplaySource,
} from '../../stages/observe/replay/replay.ts';
import { fileNameOf, isUpload, UPLOADS } from './upload.ts';

/** From the uploads: one run over all, or one for each that was stored since. */
export const csvIntakeReplay: ReplaySource = {
  raw: UPLOADS,
  remakes: ['processed/', 'the records of files'],
  async plan(ports, since) {
    const found = await rawSince(ports, { prefix: UPLOADS, since }, (info) =>
      isUpload(info.key) ? dayStored(info) : null,
    );
    const own = { force: 'true', trigger: 'backfill' };
    const runs = found.hasOlder
      ? found.objects.map(({ key }) => ({
          what: fileNameOf(key),
          parameters: { ...own, 'event-key': encodeEventKey(key) },
        }))
      : [{ what: 'every upload', parameters: own }];
    return planOf(found, runs);
  },
};
