import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folderStore } from '../../../services/adapters/object-store/filesystem.ts';
import { renderSite } from '../../../services/stages/observe/site/render-site.ts';
import { writeSite } from '../../../services/stages/observe/site/write-site.ts';
import { chromiumComponent, inPage, openBrowser } from '../../support/browser.ts';
import { hostileEntries, pipelineOf, siteOf } from '../../support/catalogue.ts';
import { describeWith } from '../../support/require-component.ts';
import { pageFaults } from '../../support/site-page.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

describeWith(chromiumComponent, 'a catalogue site in a browser', (program) => {
  let folder: TempFolder;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = await tempFolder();
    await write('site', [pipelineOf()]);
    await write('hostile', [pipelineOf({ entries: hostileEntries() })]);
    browser = await openBrowser(program);
    page = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    page.on('console', (message) => complaints.push(`${page.url()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
    page.on('dialog', (dialog) => complaints.push(`${page.url()}: ${dialog.message()}`));
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await folder.remove();
  });

  async function write(name: string, pipelines: Parameters<typeof siteOf>[0]): Promise<void> {
    const { signal } = new AbortController();
    const store = folderStore(join(folder.path, name));
    await writeSite(renderSite(siteOf(pipelines)), { store, prefix: '', signal });
  }

  function address(path: string): string {
    return pathToFileURL(join(folder.path, path)).href;
  }

  it('is readable at 360 pixels in the dark, also where names are odd or long', async () => {
    for (const site of ['site', 'hostile']) {
      const paths = readdirSync(join(folder.path, site), { recursive: true }).map(String);
      for (const path of paths.filter((name) => name.endsWith('.html'))) {
        await page.goto(address(join(site, path)));
        expect({ path, faults: await pageFaults(page, 360) }).toEqual({ path, faults: [] });
      }
    }
    expect(complaints).toEqual([]);
  }, 60_000);

  it('finds a dataset by a column: / goes to the search, arrows through it, Enter to the first', async () => {
    for (const path of ['site/index.html', 'site/datasets/shop.lake.raw.html']) {
      await page.goto(address(path));
      await page.keyboard.press('/');
      await page.keyboard.type('sums_id');
      const status = page.locator('.search [role=status]');
      await status.filter({ hasText: /^1 dataset$/ }).waitFor({ timeout: 10_000 });
      expect(await page.locator('.search li').textContent()).toContain('columns: sums_id');
      expect(await inPage(page, 'widthOf')).toBe(360);
      await page.keyboard.press('ArrowDown');
      expect(await page.evaluate('document.activeElement.tagName')).toBe('A');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      await page.waitForURL(address('site/datasets/shop.lake.sums.html'));
    }
    expect(complaints).toEqual([]);
  });

  it('says so when nothing is found, and Escape takes the words away', async () => {
    await page.goto(address('site/index.html'));
    await page.keyboard.press('/');
    await page.keyboard.type('nothing-has-this-name');
    await page.getByText('Nothing is called that.').waitFor({ timeout: 10_000 });
    await page.keyboard.press('Escape');
    expect(await page.locator('.search input').inputValue()).toBe('');
  });

  it('shows what comes from outside as text in the search too', async () => {
    await page.goto(address('hostile/index.html'));
    for (const word of ['script', 'onerror', 'alert(3)', 'exe', 'x'.repeat(30)]) {
      await page.locator('.search input').fill(word);
      await page
        .locator('.search [role=status]')
        .filter({ hasText: /^\d dataset/ })
        .waitFor({ timeout: 10_000 });
    }
    expect(await page.locator('.search img, .search script').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('is read by keyboard: the way past the head first, and each stop can be seen', async () => {
    await page.goto(address('site/pipelines/shop.html'));
    const stops: string[] = [];
    for (let at = 0; at < 25; at += 1) {
      await page.keyboard.press('Tab');
      stops.push(...(await page.evaluate<string[]>(FOCUS)));
    }
    expect(stops[0]).toBe('Skip to the contents: seen');
    expect(stops.filter((stop) => !stop.endsWith(': seen'))).toEqual([]);
    expect(stops).toEqual(expect.arrayContaining(['sales: seen', 'node sums: seen']));
  });

  it('can be read without scripts: no search is shown, and all is there', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(address('site/index.html'));
    expect(await plain.locator('.search').isVisible()).toBe(false);
    await plain.getByRole('link', { name: 'sums' }).click();
    expect(await plain.locator('h1').textContent()).toBe('sums');
    await context.close();
  });

  it('loads nothing but itself, and its own index once somebody searches', async () => {
    const asked: string[] = [];
    const note = (request: { url(): string }) => void asked.push(request.url());
    page.on('request', note);
    await page.goto(address('site/pipelines/shop.html'));
    expect(asked).toHaveLength(1);
    await page.keyboard.press('/');
    await page.keyboard.type('a');
    await page.locator('.search li').first().waitFor({ timeout: 10_000 });
    page.off('request', note);
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([
      address('site/pipelines/shop.html'),
      address('site/search-index.js'),
    ]);
  });
});

/** What has the focus, and whether that can be seen; nothing behind the last stop. */
const FOCUS = `(() => {
  const one = document.activeElement;
  if (one === document.body) return [];
  const node = one.querySelector('rect');
  const isDrawn = node !== null && parseFloat(getComputedStyle(node).strokeWidth) >= 3;
  const name = node === null ? one.textContent.trim() || one.tagName : 'node ' + one.querySelector('.name').textContent;
  return [name + ': ' + (getComputedStyle(one).outlineStyle !== 'none' || isDrawn ? 'seen' : 'hidden')];
})()`;
