import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { objectStoreContract } from '../contract/object-store.ts';
import { isEverythingRequired } from '../support/require-component.ts';
import { tempFolder } from '../support/temp-folder.ts';

objectStoreContract(
  'the filesystem store',
  async () => {
    const folder = await tempFolder();
    return {
      store: filesystemStore({ folder: folder.path, bucket: 'argosy-test' }),
      missing: filesystemStore({ folder: folder.path, bucket: 'argosy-missing' }),
      close: () => folder.remove(),
    };
  },
  {
    listingSizes: isEverythingRequired() ? [0, 1, 999, 1000, 1001, 5000] : [0, 1, 1001],
    takesLongSegments: true,
    makesBuckets: true,
    writersMax: 64,
  },
);
