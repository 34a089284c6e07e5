import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { s3Store } from '../../../services/adapters/object-store/s3.ts';
import { sha256 } from '../../../services/core/manifest.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { goodRun, openOwnEngine, START } from '../../support/pipeline.ts';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { type Component, describeWith } from '../../support/require-component.ts';
import {
  minioProgram,
  type S3Server,
  startMinio,
  startVersitygw,
  versitygwProgram,
} from '../../support/s3-server.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';
import { tinyCsv, tinySite, zipOf, zipPath } from '../../support/tiny-site.ts';

const BUCKET = 'dartmouth-etl';
const MAP = 'ingestion_map/ingestion_map.parquet';
/** Records tell of runs and of the store that they were made on: its etags, its times, its address. */
const IS_DATA = /^(?!_records\/|_probe\/)/;

/** A first run with failures and rejects, a revision of one vintage the day after, and a ZIP put there by hand. */
async function fill(store: ObjectStore, folder: string): Promise<void> {
  const site = tinySite();
  const clock = manualClock(START);
  const bench = {
    store,
    source: site.source,
    pageUrl: site.pageUrl,
    openEngine: openOwnEngine,
    folder,
    clock,
  };
  await goodRun(bench);
  site.files.set(zipPath('201707'), zipOf({ '6_Portfolios_2x3.CSV': tinyCsv({ nudge: 1 }) }));
  await goodRun(bench, { runId: 'run-2', logicalDate: '2026-11-22' });
  const members = {
    'a b+c.CSV': tinyCsv({ made: '201902' }),
    'é.csv': tinyCsv({ made: '201902' }),
  };
  await store.put('raw_data/by hand+é_201902.zip', zipOf(members));
  await goodRun(bench, { runId: 'run-3', parameters: { fetch: 'false' } });
}

interface Filled {
  /** sha256 of every data object, by key; of texts that name the store, with that name taken out. */
  digests: Map<string, string>;
  map: unknown[][];
}

/** Text objects may hold the address of the store, which is not the same by its nature. */
async function read(store: ObjectStore, folder: string): Promise<Filled> {
  const digests = new Map<string, string>();
  let map: unknown[][] = [];
  for await (const { key } of store.list('')) {
    if (!IS_DATA.test(key)) continue;
    const bytes = (await store.get(key)) ?? new Uint8Array();
    if (key === MAP) map = await mapRows(bytes, store.url, folder);
    else if (/^(?:logs\/|_catalog\/)/.test(key)) {
      digests.set(key, sha256(Buffer.from(bytes).toString().replaceAll(store.url, 'STORE')));
    } else digests.set(key, sha256(bytes));
  }
  return { digests, map };
}

/** The map but for the times at which its store has kept the parts. */
async function mapRows(bytes: Uint8Array, url: string, folder: string): Promise<unknown[][]> {
  const path = join(await mkdtemp(join(folder, 'map-')), 'map.parquet');
  await writeFile(path, bytes);
  const engine = await openOwnEngine([folder]);
  try {
    const { rows } = await engine.query(
      `SELECT * EXCLUDE (upload_timestamp) REPLACE (replace(file_path, '${url}', 'STORE') AS file_path)
       FROM read_parquet('${path}') ORDER BY file_path`,
    );
    return rows;
  } finally {
    await engine.close();
  }
}

let folder: TempFolder;
let onFolder: Filled;

beforeAll(async () => {
  folder = await tempFolder();
  const store = filesystemStore({ folder: join(folder.path, 'store'), bucket: BUCKET });
  await fill(store, folder.path);
  onFolder = await read(store, folder.path);
}, 60_000);
afterAll(() => folder.remove());

it('on a folder there are ZIPs, CSVs, parts, commits, rejects, logs and a map to compare', () => {
  const kinds = [...onFolder.digests.keys()].map((key) =>
    key.replace(/\/[^/]*$/, '').replace(/\/.*/, ''),
  );
  expect([...new Set(kinds)].toSorted()).toEqual([
    '_catalog',
    '_commits',
    '_quarantine',
    'logs',
    'raw_data',
    'transformed_data',
  ]);
  expect(onFolder.map).toHaveLength(8);
});

const SERVERS: [name: string, program: Component, start: (program: string) => Promise<S3Server>][] =
  [
    ['MinIO', minioProgram(), startMinio],
    ['versitygw', versitygwProgram(), startVersitygw],
  ];

for (const [name, component, start] of SERVERS) {
  describeWith(component, `fama-french on ${name}`, (program) => {
    it(
      'has the same objects under the same keys, byte for byte, as on a folder',
      { timeout: 60_000 },
      async () => {
        const server = await start(program);
        try {
          await server.createBucket(BUCKET);
          const store = s3Store({ connection: server.connection, bucket: BUCKET });
          await fill(store, folder.path);
          const onServer = await read(store, folder.path);
          expect([...onServer.digests]).toEqual([...onFolder.digests]);
          expect(onServer.map).toEqual(onFolder.map);
        } finally {
          await server.stop();
        }
      },
    );
  });
}
