import { readFile } from 'node:fs/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Component, findProgram } from './require-component.ts';

/** The browser that pages are looked at with. */
export const chromiumComponent: Component = findProgram(
  'chromium',
  'CHROMIUM_BIN',
  'apt-get install chromium, or name one in CHROMIUM_BIN',
);

/** A browser without a window; without its sandbox, for which the tests would have to run as another user than root. */
export function openBrowser(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu'] });
}

/** Calls a function of `in-page.mjs` in the page; as text, which a page that allows no script cannot refuse. */
export async function inPage<T>(page: Page, name: string): Promise<T> {
  const source = await readFile(new URL('in-page.mjs', import.meta.url), 'utf8');
  return page.evaluate(`(() => { ${source.replaceAll(/^export /gm, '')}\nreturn ${name}(); })()`);
}
