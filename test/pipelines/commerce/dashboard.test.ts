import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { isWholeRun } from '../../../services/stages/observe/whole-run.ts';
import { shopRows } from '../../support/commerce-rows.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { writeRuns } from '../../support/commerce-runs.ts';
import { publishShop } from '../../support/commerce-shop.ts';
import { runCommerceWorkflow } from '../../support/commerce-workflow.ts';
import { START } from '../../support/pipeline.ts';
import { describeLong } from '../../support/require-component.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const LAST = '2026-11-20';
const store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
let folder: TempFolder;

beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => folder.remove());

async function pages(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list('reports/')) found.push(key);
  return found;
}

it('before anything is published there is no page, and that is no failure', async () => {
  const { problems } = await runCommerceStep({ store, folder: folder.path }, 'dashboard');
  expect(problems).toEqual([expect.objectContaining({ message: 'nothing is published yet' })]);
  expect(await pages()).toEqual([]);
});

describeLong('the page by itself', () => {
  it('dashboard=true writes the page of the newest day and nothing else, and is no run that the page tells of', async () => {
    const bench = { store, folder: folder.path };
    const rows = shopRows({
      seed: 4,
      lastDay: LAST,
      dayCount: 40,
      transactions: 300,
      sessions: 60,
    });
    await publishShop(store, folder.path, rows);
    await writeRuns(objectRecords(store), { day: LAST, count: 2 });
    const parameters = { dashboard: 'true' };
    const end = await runCommerceWorkflow(bench, { name: 'page', parameters });
    expect([end.phase, ...end.ran]).toEqual(['Succeeded', 'dashboard']);
    expect(await pages()).toEqual([
      `reports/dashboard/${LAST}.html`,
      'reports/dashboard/index.html',
    ]);
    const html = Buffer.from((await store.get('reports/dashboard/index.html'))!).toString();
    expect(html).toContain(`The shop as of ${LAST}`);
    const again = await runCommerceStep(bench, 'dashboard');
    expect(again.counts).toMatchObject({ objectsWritten: 0, objectsSkipped: 2 });
    const ended = { isSuccess: true, isDryRun: false, trigger: 'cron' as const, steps: [again] };
    expect(isWholeRun(ended)).toBe(false);
  });
});
