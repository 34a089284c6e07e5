import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { commerceReport } from '../../../services/pipelines/commerce/report.ts';
import { chromiumComponent, inPage, openBrowser } from '../../support/browser.ts';
import { shopRows } from '../../support/commerce-rows.ts';
import { writeRuns } from '../../support/commerce-runs.ts';
import { publishShop } from '../../support/commerce-shop.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { describeWith } from '../../support/require-component.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const LAST = '2026-11-20';

/** Each page at the widths and in the schemes where it could differ from the others. */
const CASES = [
  { name: 'full', width: 1280, colorScheme: 'light' },
  { name: 'full', width: 1280, colorScheme: 'dark' },
  { name: 'full', width: 720, colorScheme: 'light' },
  { name: 'full', width: 360, colorScheme: 'light' },
  { name: 'full', width: 360, colorScheme: 'dark' },
  { name: 'bare', width: 1280, colorScheme: 'dark' },
  { name: 'bare', width: 360, colorScheme: 'light' },
] as const;

describeWith(chromiumComponent, 'the page of commerce in a browser', (program) => {
  let folder: TempFolder;
  let browser: Browser;

  beforeAll(async () => {
    folder = await tempFolder();
    const full = shopRows({
      seed: 5,
      lastDay: LAST,
      dayCount: 70,
      transactions: 2500,
      sessions: 800,
    });
    const bare = {
      transactions: full.transactions.slice(0, 1),
      products: [],
      clicks: [],
      reviews: [],
    };
    await write('full', full, 30);
    await write('bare', bare, 1);
    browser = await openBrowser(program);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await folder.remove();
  });

  async function write(name: string, rows: Parameters<typeof publishShop>[2], count: number) {
    const store = filesystemStore({ folder: folder.path, bucket: name });
    const records = objectRecords(store);
    await publishShop(store, folder.path, rows);
    await writeRuns(records, { day: LAST, count, isFailed: name === 'bare' });
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const { signal } = new AbortController();
    const cache = join(folder.path, 'cache');
    const ports = { store, openEngine: openOwnEngine, log, signal, cache };
    const { html } = await commerceReport({ ports, records, logicalDate: null });
    await writeFile(join(folder.path, `${name}.html`), html);
  }

  describe.each(CASES)('$name, $width px, $colorScheme', ({ name, width, colorScheme }) => {
    let page: Page;
    const complaints: string[] = [];
    const asked: string[] = [];

    beforeAll(async () => {
      page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(`file://${join(folder.path, `${name}.html`)}`);
      await inPage(page, 'unfold');
    });

    afterAll(() => page.close());

    it('complains of nothing, runs nothing and loads nothing', () => {
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => !url.startsWith('data:'))).toHaveLength(1);
    });

    it('is never wider than the window', async () => {
      expect(await inPage<number>(page, 'widthOf')).toBeLessThanOrEqual(width);
    });

    it('shows each drawing once, at its own scale, inside its place, with labels apart', async () => {
      expect(await inPage<string[]>(page, 'drawingFaults')).toEqual([]);
    });

    it('has a contrast of 4.5 to 1 or more for every text', async () => {
      const { texts, faint } = await inPage<{ texts: number; faint: string[] }>(page, 'faintTexts');
      expect(texts).toBeGreaterThan(40);
      expect(faint).toEqual([]);
    });

    it('has headings in order, names for all that is drawn, and no id twice', async () => {
      const found = await inPage<{ levels: number[] }>(page, 'structureOf');
      for (const [at, level] of found.levels.entries())
        expect(level - (found.levels[at - 1] ?? 0)).toBeLessThanOrEqual(1);
      expect(found).toMatchObject({ unnamed: 0, twice: [], dead: 0, landmarks: [1, 1, 1, 1] });
    });
  });
});
