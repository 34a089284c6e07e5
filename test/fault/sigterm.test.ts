import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import {
  type Component,
  describeLong,
  describeLongWith,
  describeWith,
  findProgram,
  isEverythingRequired,
} from '../support/require-component.ts';
import { minioProgram, type S3Server, startMinio } from '../support/s3-server.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { type OpenStore, sigtermFindings, type SigtermOptions } from './sigterm.ts';

const STEPS = ['fetch', 'extract', 'transform', 'catalogue', 'tables', 'exit'];
const LOOP_MS_MAX = 600_000;
const CLAIM =
  'ends it with 143 within 10 s, with nothing half-visible or left in scratch, and the next attempt makes the same objects';

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => folder.remove());

/** Each store is a bucket of its own in one folder. */
const inFolders: OpenStore = async (name) => {
  const path = join(folder.path, name);
  return {
    store: filesystemStore({ folder: path, bucket: 'argosy-fama-french', clock: systemClock() }),
    env: { ARGOSY_STORE: `file:${path}` },
  };
};

/** What must hold for the findings: no fault, and each step was ended before its end. */
const GOOD_ENDS = { faults: [], endedSteps: STEPS.toSorted() };

async function endsOf(options: SigtermOptions): Promise<unknown> {
  const { faults, hits } = await sigtermFindings(options);
  const ended = [...hits].filter(([, count]) => count > 0);
  return { faults, endedSteps: ended.map(([name]) => name).toSorted() };
}

describeLong('SIGTERM during any step of fama-french', () => {
  it(
    `on a folder store, ${CLAIM}`,
    async () => {
      const options = { openStore: inFolders, points: 1, seed: 143 };
      expect(await endsOf(options)).toEqual(GOOD_ENDS);
    },
    LOOP_MS_MAX,
  );
});

/** Only root may make a PID namespace. */
function unshareProgram(): Component {
  const found = findProgram('unshare', 'UNSHARE_BIN', 'as root, apt-get install util-linux');
  return process.getuid?.() === 0 ? found : { ...found, path: null };
}

describeLongWith(
  unshareProgram(),
  'SIGTERM to the first process of a PID namespace, as in a container',
  (unshare) => {
    it(
      `during any step ${CLAIM}`,
      async () => {
        const within = [unshare, '--pid', '--fork', '--mount-proc'];
        const openStore: OpenStore = (name) => inFolders(`first-${name}`);
        const options = { openStore, points: 1, seed: 15, within };
        expect(await endsOf(options)).toEqual(GOOD_ENDS);
      },
      LOOP_MS_MAX,
    );
  },
);

describeWith(minioProgram(), 'SIGTERM during any step of fama-french over MinIO', (program) => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startMinio(program);
  });
  afterAll(() => server.stop());

  const inBuckets: OpenStore = async (name) => {
    await server.createBucket(name);
    return {
      store: s3Store({ bucket: name, connection: server.connection }),
      env: {
        ARGOSY_STORE: 's3:',
        ARGOSY_BUCKET_FAMA_FRENCH: name,
        ARGOSY_S3_ENDPOINT: server.endpoint,
        AWS_ACCESS_KEY_ID: server.accessKeyId,
        AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      },
    };
  };

  const points = isEverythingRequired() ? 10 : 1;
  it(
    `${points} times each, ${CLAIM}`,
    async () => {
      const options = { openStore: inBuckets, points, seed: 2026 };
      expect(await endsOf(options)).toEqual(GOOD_ENDS);
    },
    LOOP_MS_MAX,
  );
});
