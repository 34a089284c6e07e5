import { expect, it } from 'vitest';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { PipelineError } from '../../services/core/error.ts';
import { offer } from '../../services/stages/shape/publish.ts';
import { utf8 } from '../support/bytes.ts';
import { tempFolder } from '../support/temp-folder.ts';

it.each([
  { isUnwritten: true, kind: 'unavailable', offers: 1 },
  { isUnwritten: false, kind: 'commit-unknown', offers: 4 },
])('a write known to hold nothing ($isUnwritten) fails as $kind', async (expected) => {
  await using folder = await tempFolder();
  let offers = 0;
  const store = {
    ...filesystemStore({ folder: folder.path, bucket: 'b' }),
    putIfAbsent: async () => {
      offers += 1;
      const { isUnwritten } = expected;
      throw new PipelineError('unavailable', 'put failed: ENOSPC', { isUnwritten });
    },
  };
  await expect(offer(store, 'a', utf8('x'))).rejects.toMatchObject({ kind: expected.kind });
  expect(offers).toBe(expected.offers);
});
