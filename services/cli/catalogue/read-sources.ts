import { PipelineError } from '../../core/error.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import type {
  CatalogueEntry,
  CataloguePipeline,
  CatalogueSource,
} from '../../stages/observe/catalogue/catalogue.ts';
import { readCatalogue } from '../../stages/observe/catalogue/read-catalogue.ts';
import { findWing, WINGS } from '../commands.ts';
import { asking, recordsOf, serving } from '../host.ts';
import type { Session } from '../session.ts';
import { openExistingWarehouse } from '../wire/warehouse.ts';

/** What is wanted of the catalogue; all of it by default. */
export interface Wanted {
  pipeline?: string | undefined;
  runsMax: number;
  isWanted?(entry: CatalogueEntry): boolean;
}

/** The catalogue of the pipelines of this session. An embedded warehouse is not made for it. */
export async function sessionCatalogue(
  session: Session,
  { pipeline, ...wanted }: Wanted,
): Promise<CataloguePipeline[]> {
  if (pipeline !== undefined) findWing(pipeline);
  const names = pipeline === undefined ? Object.keys(WINGS) : [pipeline];
  return readCatalogue({
    ...wanted,
    sources: await Promise.all(names.map((name) => sourceOf(session, name))),
    openWarehouse: () => existingWarehouse(session),
  });
}

async function sourceOf(session: Session, name: string): Promise<CatalogueSource> {
  const wing = findWing(name);
  const { checks } = await wing.load();
  return {
    name,
    summary: wing.summary,
    checks,
    ports: serving(session, name),
    records: recordsOf(session, name),
    database: async () => (await wing.database?.(asking(session, name))) ?? null,
    warehouse: async () => (await wing.warehouse?.()) ?? [],
  };
}

/** Null where nothing was loaded yet; one that cannot be asked now is a fault. */
async function existingWarehouse(session: Session): Promise<Warehouse | null> {
  try {
    return await openExistingWarehouse(session);
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'not-found') return null;
    throw error;
  }
}
