import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumComponent, openBrowser } from '../support/browser.ts';
import { cli, type CliEnd } from '../support/cli.ts';
import { describeLong, describeWith } from '../support/require-component.ts';
import { pageFaults } from '../support/site-page.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const PIPELINES = ['fama-french', 'finance', 'csv-intake', 'commerce', 'market-data'];

describeLong('argosy docs over all samples', () => {
  describeWith(chromiumComponent, 'in a browser', (program) => {
    let folder: TempFolder;
    let browser: Browser;
    let page: Page;
    let paths: string[];
    let made: CliEnd;
    const complaints: string[] = [];

    beforeAll(async () => {
      folder = await tempFolder();
      for (const pipeline of [...PIPELINES, 'fama-french'])
        await cli(['run', pipeline, '--sample'], { cwd: folder.path });
      made = await cli(['docs', '--sample', '--out', 'site'], { cwd: folder.path });
      paths = readdirSync(join(folder.path, 'site'), { recursive: true })
        .map(String)
        .filter((path) => path.endsWith('.html'))
        .toSorted();
      browser = await openBrowser(program);
      page = await browser.newPage();
      page.on('console', (message) => complaints.push(`${page.url()}: ${message.text()}`));
      page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
    }, 600_000);

    afterAll(async () => {
      await browser.close();
      await folder.remove();
    });

    const address = (path: string): string => pathToFileURL(join(folder.path, 'site', path)).href;

    it('is made without a complaint', () => {
      expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    });

    it('tells what is in the warehouse as the warehouse does', async () => {
      const end = await cli(['tables', '--sample', '--json'], { cwd: folder.path });
      const tables = JSON.parse(end.stdout) as { place: string; name: string; rows: number }[];
      const rows = tables.flatMap(({ place, ...one }) => (place === 'warehouse' ? [one] : []));
      expect(rows).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: 'fact_transactions', rows: 9722, newest: '2026-01-31' }),
          expect.objectContaining({ name: 'vw_customer_transaction_summary', rows: 4997 }),
          expect.objectContaining({ name: 'fct_stock_prices', rows: 34_030 }),
        ]),
      );
    });

    it('leads to every page, and nowhere else', async () => {
      const seen = new Set<string>();
      const open = [address('index.html')];
      for (let one = open.pop(); one !== undefined; one = open.pop()) {
        if (seen.has(one)) continue;
        seen.add(one);
        const reply = await page.goto(one);
        expect({ one, isThere: reply?.ok() }).toEqual({ one, isThere: true });
        const hrefs = await page.evaluate<string[]>(HREFS);
        open.push(...hrefs.filter((href) => !seen.has(href)));
      }
      const found = [...seen].map((url) => fileURLToPath(url)).toSorted();
      expect(found).toEqual(paths.map((path) => join(folder.path, 'site', path)));
      expect(paths.length).toBeGreaterThan(50);
    }, 300_000);

    it.each([
      [360, 'light'],
      [1280, 'dark'],
    ] as const)(
      'has at %i pixels and in %s contrast, whole drawings, headings in order, and no complaint on any page',
      async (width, colorScheme) => {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        for (const path of paths) {
          await page.goto(address(path));
          expect({ path, faults: await pageFaults(page, width) }).toEqual({ path, faults: [] });
        }
        expect(complaints).toEqual([]);
      },
      300_000,
    );
  });
});

const HREFS = `[...document.querySelectorAll('a[href]')].map((one) =>
  new URL(one.getAttribute('href'), location.href).href.replace(/#.*/, ''))`;
