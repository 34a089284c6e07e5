import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectStoreContract } from '../contract/object-store.ts';

const clock = manualClock(new Date('2026-11-21'));

objectStoreContract(
  'the memory store',
  async () => ({
    store: memoryStore({ bucket: 'argosy-test', clock }),
    missing: memoryStore({ bucket: 'argosy-missing', clock }),
  }),
  { listingSizes: [0, 1, 999, 1000, 1001, 5000], takesLongSegments: true, makesBuckets: true },
);
