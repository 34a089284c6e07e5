import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { financeReport } from '../../../services/pipelines/finance/report.ts';
import { chromiumComponent, inPage, openBrowser } from '../../support/browser.ts';
import { writeFinanceDay } from '../../support/finance-day.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { plotGallery } from '../../support/plot-gallery.ts';
import { describeWith } from '../../support/require-component.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

interface Place {
  width: number;
  colorScheme: 'light' | 'dark';
}

/** Each page at the widths and in the schemes where it could differ from the others. */
const CASES: readonly (Place & { name: string })[] = [
  { name: 'good', width: 1280, colorScheme: 'light' },
  { name: 'good', width: 1280, colorScheme: 'dark' },
  { name: 'good', width: 720, colorScheme: 'light' },
  { name: 'good', width: 360, colorScheme: 'light' },
  { name: 'good', width: 360, colorScheme: 'dark' },
  { name: 'bad', width: 1280, colorScheme: 'dark' },
  { name: 'bad', width: 360, colorScheme: 'light' },
  { name: 'gallery', width: 1280, colorScheme: 'light' },
  { name: 'gallery', width: 720, colorScheme: 'dark' },
  { name: 'gallery', width: 360, colorScheme: 'light' },
];

interface Structure {
  levels: number[];
  unnamed: number;
  drawn: number;
  twice: string[];
  dead: number;
  landmarks: number[];
}

interface Faint {
  texts: number;
  faint: string[];
}

describeWith(chromiumComponent, 'the page of finance in a browser', (program) => {
  let folder: TempFolder;
  let browser: Browser;

  beforeAll(async () => {
    folder = await tempFolder();
    const store = filesystemStore({ folder: folder.path, bucket: 'finance' });
    const records = objectRecords(store);
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const { signal } = new AbortController();
    const cache = join(folder.path, 'cache');
    const ports = { store, openEngine: openOwnEngine, log, signal, cache };
    const days = [
      ['good', '2026-11-20'],
      ['bad', '2026-11-19'],
    ] as const;
    for (const [name, day] of days) {
      const request = { day, folder: folder.path, isBlocked: name === 'bad' };
      await writeFinanceDay({ store, records }, request);
    }
    for (const [name, logicalDate] of days) {
      const { html } = await financeReport({ ports, records, logicalDate });
      await writeFile(join(folder.path, `${name}.html`), html);
    }
    await writeFile(join(folder.path, 'gallery.html'), plotGallery());
    browser = await openBrowser(program);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await folder.remove();
  });

  /** Opens a page with everything unfolded; returns what the browser complained of or asked for. */
  async function opened(name: string, { width, colorScheme }: Place) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`file://${join(folder.path, `${name}.html`)}`);
    await inPage(page, 'unfold');
    return { page, complaints, asked };
  }

  describe.each(CASES)('$name, $width px, $colorScheme', ({ name, width, colorScheme }) => {
    let page: Page;
    let complaints: string[];
    let asked: string[];

    beforeAll(async () => {
      ({ page, complaints, asked } = await opened(name, { width, colorScheme }));
    });

    afterAll(() => page.close());

    it('complains of nothing, runs nothing and loads nothing', () => {
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => !url.startsWith('data:'))).toHaveLength(1);
    });

    it('is never wider than the window', async () => {
      const wide = await inPage<number>(page, 'widthOf');
      expect(wide).toBeLessThanOrEqual(width);
    });

    it('shows each drawing once, at its own scale, inside its place, with labels apart', async () => {
      expect(await inPage<string[]>(page, 'drawingFaults')).toEqual([]);
    });

    it('has a contrast of 4.5 to 1 or more for every text', async () => {
      const { texts, faint } = await inPage<Faint>(page, 'faintTexts');
      expect(texts).toBeGreaterThan(100);
      expect(faint).toEqual([]);
    });
  });

  it('has headings in order, names for all that is drawn, and no id twice', async () => {
    const { page } = await opened('good', { width: 1280, colorScheme: 'light' });
    const found = await inPage<Structure>(page, 'structureOf');
    await page.close();
    const { levels } = found;
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [at, level] of levels.entries())
      expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect(found).toMatchObject({ unnamed: 0, twice: [], dead: 0, landmarks: [1, 1, 1, 1] });
    expect(found.drawn).toBeGreaterThan(20);
  });

  it('is read by keyboard: links, tables and what is folded get the focus, and show it', async () => {
    const { page } = await opened('good', { width: 360, colorScheme: 'light' });
    const seen = new Set<string>();
    for (let at = 0; at < 40; at += 1) {
      await page.keyboard.press('Tab');
      seen.add(await inPage<string>(page, 'focusOf'));
    }
    await page.close();
    expect([...seen]).toEqual(expect.arrayContaining(['A solid', 'SUMMARY solid', 'DIV solid']));
  });

  it('can be printed: nothing is cut off at the width of paper', async () => {
    const { page } = await opened('good', { width: 1280, colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 680, height: 900 });
    const wide = await inPage<number>(page, 'widthOf');
    const { faint } = await inPage<Faint>(page, 'faintTexts');
    const pdf = await page.pdf({ format: 'A4' });
    await page.close();
    expect(wide).toBeLessThanOrEqual(680);
    expect(faint).toEqual([]);
    expect(pdf.length).toBeGreaterThan(10_000);
  });
});
