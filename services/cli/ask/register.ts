import { athenaDdl, offeredOn } from '../../stages/serve/ddl/athena.ts';
import { versionOf } from '../../stages/serve/history/version.ts';
import { registerDatabase } from '../../stages/serve/registration.ts';
import { findDatabase } from '../commands.ts';
import { asking, serving, wiringOf } from '../host.ts';
import type { Session } from '../session.ts';
import { openAthena } from '../wire/athena.ts';
import { bucketOpener } from '../wire/wire.ts';
import type { Told } from './told.ts';

/** Registers the tables of a pipeline with Athena's catalogue, all of them whatever was registered before. */
export async function registerTables(
  session: Session,
  pipeline: string,
  { isDryRun }: { isDryRun: boolean },
): Promise<Told> {
  const wiring = wiringOf(session);
  const catalog = openAthena(wiring, bucketOpener(wiring));
  const database = await findDatabase(pipeline, asking(session, pipeline));
  const ports = serving(session, pipeline);
  if (!isDryRun) {
    const done = await registerDatabase({ ...ports, catalog, clock: session.io.clock }, database, {
      isForced: true,
    });
    if (done === null) return { pipeline, registered: null, isDryRun };
    const { statements, links, isNew } = done;
    const registered = { database: done.database, statements, links, changed: isNew };
    return { pipeline, registered, isDryRun };
  }
  const isThere =
    offeredOn(database.datasets).length > 0 &&
    (await versionOf(ports.store, database, { signal: session.signal })) !== null;
  if (!isThere) return { pipeline, registered: null, isDryRun };
  const { length: statements } = athenaDdl({ database, storeUrl: ports.store.url });
  const registered = { database: database.name, statements, links: 0, changed: true };
  return { pipeline, registered, isDryRun };
}
