import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { cleanse, prepareCleansing } from '../../../services/pipelines/finance/clean/cleanse.ts';
import { RISK_TABLE } from '../../../services/pipelines/finance/clean/risk.ts';
import type { QueryEngine } from '../../../services/ports/query-engine.ts';
import { DAY, land, type Reject, textRows } from '../../support/finance-bench.ts';
import { randomSources } from '../../support/finance-random.ts';
import { referenceTransactions } from '../../support/finance-reference.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { isEverythingRequired } from '../../support/require-component.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const SOURCES = 6;
/** Once more than are read by one statement. */
const SOURCES_MANY = 40;
const RUNS = isEverythingRequired() ? 200 : 12;

let folder: TempFolder;
let engine: QueryEngine;

beforeAll(async () => {
  folder = await tempFolder();
  engine = await openOwnEngine([folder.path]);
  await prepareCleansing(engine, { logicalDate: DAY, risk: RISK_TABLE });
});

afterAll(async () => {
  await engine.close();
  await folder.remove();
});

describe('a slow and plain implementation of requirements 4.5', () => {
  it('leaves row for row the same clean values, and the same rejects with reason and line', async () => {
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const sources = randomSources(seed, seed === 1 ? SOURCES_MANY : SOURCES);
      const store = memoryStore({ bucket: 'argosy-finance', clock: manualClock(new Date(0)) });
      const landed = await land(
        store,
        sources.map(({ landed: one }) => one),
      );
      const scratch = join(folder.path, String(seed));
      await mkdir(scratch);
      const ports = { store, scratch, signal: new AbortController().signal };
      const cleansed = await cleanse({ ports, engine }, 'transactions', landed);
      const expected = referenceTransactions(
        sources.map(({ source }, at) => ({ ...source, key: landed[at]!.key })),
        { logicalDate: DAY, risk: RISK_TABLE },
      );
      const rejects = (await readFile(cleansed.rejectsPath, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Reject)
        .map(({ object, line, rule }) => ({ object, line, rule }));
      expect(rejects, `rejects of seed ${seed}`).toEqual(expected.rejects);
      const clean = await textRows(engine, cleansed.cleanPath);
      expect(clean, `clean rows of seed ${seed}`).toEqual(expected.clean);
    }
  }, 300_000);
});
