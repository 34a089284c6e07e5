import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { csvDatabase } from '../../services/pipelines/csv-intake/database.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { type KnownTable, openDatabase } from '../../services/stages/serve/database.ts';
import type { ServePorts } from '../../services/stages/serve/localise.ts';
import { intake, type Intake } from './intake.ts';
import { openOwnEngine } from './pipeline.ts';
import { tempFolder } from './temp-folder.ts';

/** A bucket of csv-intake, in a folder of its own when none is given, and SQL over it. */
export interface IntakeSql extends Intake {
  /** The rows that a query gives; `over` stands before the bucket. Throws what the query throws. */
  ask(sql: string, over?: ObjectStore): Promise<unknown[][]>;
  /** What is told of the tables; `onUpload` hears of each upload that is opened or found for it. */
  tables(
    onUpload?: (key: string) => void,
  ): Promise<{ name: string; columns: string[]; known: KnownTable | null }[]>;
  /** Where fetched objects are kept. */
  cache: string;
  remove(): Promise<void>;
}

export async function intakeSql(bucket?: ObjectStore): Promise<IntakeSql> {
  const folder = await tempFolder();
  const own = bucket ?? filesystemStore({ folder: folder.path, bucket: 'argosy-csv-intake' });
  const bench = intake(own);
  const cache = `${folder.path}/cache`;
  const { signal } = new AbortController();
  const databaseOf = (store: ObjectStore, sql: string | null) =>
    csvDatabase({ store, records: objectRecords(own), signal, sql, environment: 'local' });
  const portsOn = (store: ObjectStore): ServePorts => {
    const ignore = (): void => undefined;
    const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    return { store, openEngine: openOwnEngine, log, signal, cache };
  };
  return {
    ...bench,
    cache,
    async ask(sql, over = own) {
      const engine = await openDatabase(portsOn(over), await databaseOf(over, sql));
      try {
        return (await engine.select(sql)).rows;
      } finally {
        await engine.close();
      }
    },
    async tables(onUpload = () => undefined) {
      const store = listeningTo(own, onUpload);
      const { datasets, known, ...database } = await databaseOf(store, null);
      const engine = await openDatabase(portsOn(store), { ...database, datasets });
      await engine.close();
      return datasets.map(({ name, columns }) => ({
        name,
        columns: columns.map((column) => column.name),
        known: known?.get(name) ?? null,
      }));
    },
    remove: () => folder.remove(),
  };
}

function listeningTo(store: ObjectStore, onUpload: (key: string) => void): ObjectStore {
  return {
    ...store,
    open: (key, options) => {
      onUpload(key);
      return store.open(key, options);
    },
    localPath: (key) => {
      onUpload(key);
      return store.localPath(key);
    },
  };
}
