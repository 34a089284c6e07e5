import { afterAll, beforeAll } from 'vitest';
import type { Warehouse } from '../../../services/ports/warehouse.ts';
import { loadBench } from '../../support/finance-load-bench.ts';
import { sharedEngine } from '../../support/pipeline.ts';
import { describeLong } from '../../support/require-component.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { auditClaims } from './audit.ts';
import { loadClaims } from './load.ts';
import { programClaims } from './program.ts';
import { qualityClaims } from './quality.ts';
import { runsAtOnceClaims } from './runs-at-once.ts';
import { schemaClaims } from './schema.ts';

const OPEN_MS_MAX = 60_000;

/** A warehouse of the suite's own. */
export interface Opened {
  warehouse: Warehouse;
  close(): Promise<void>;
}

/** Everything that finance holds to on a warehouse; one is opened for all of it. */
export function financeClaims(open: (folder: string) => Promise<Opened>): void {
  let folder: TempFolder;
  let opened: Opened;
  let engine: Awaited<ReturnType<typeof sharedEngine>>;

  beforeAll(async () => {
    folder = await tempFolder();
    opened = await open(folder.path);
    engine = await sharedEngine(folder.path);
  }, OPEN_MS_MAX);
  afterAll(async () => {
    await engine.close();
    await opened.close();
    await folder.remove();
  });

  const makeBench = () =>
    loadBench({
      warehouse: opened.warehouse,
      openEngine: engine.openEngine,
      folder: folder.path,
    });
  schemaClaims(makeBench);
  loadClaims(makeBench);
  auditClaims(makeBench);
  qualityClaims(makeBench);
  describeLong('several runs, one after another and at once', () => {
    runsAtOnceClaims(makeBench);
    programClaims(makeBench);
  });
}
