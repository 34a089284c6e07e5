import { html, type Markup } from '../page/html.ts';
import type { PageFrame } from '../page/page.ts';
import { INDEX_PAGE } from './paths.ts';
import { SEARCH_SCRIPT } from './search.ts';
import { SITE_STYLE } from './site-style.ts';

/** A step of the way from the beginning of the site to a page; the last one has no address. */
export interface Crumb {
  text: string;
  path?: string;
}

/** The way back to the beginning of the site from a page at this path: `../`, or nothing. */
export function rootOf(path: string): string {
  return '../'.repeat(path.split('/').length - 1);
}

/** What all pages of the site have at their head: the way to them, and the search. */
export function frameOf(path: string, crumbs: readonly Crumb[]): PageFrame {
  return { style: SITE_STYLE, script: SEARCH_SCRIPT, top: topOf(rootOf(path), crumbs) };
}

function topOf(root: string, crumbs: readonly Crumb[]): Markup {
  const way: readonly Crumb[] = [{ text: 'Data catalogue', path: INDEX_PAGE }, ...crumbs];
  return html`<div class="top">
    <div class="wrap">
      <ol class="crumbs" aria-label="The way to this page">
        ${way.map((crumb, at) =>
          at === way.length - 1
            ? html`<li aria-current="page">${crumb.text}</li> `
            : html`<li><a href="${root}${crumb.path ?? ''}">${crumb.text}</a></li> `,
        )}
      </ol>
      <div class="search" role="search" data-root="${root}" hidden>
        <label class="heard" for="search">Search datasets and columns</label>
        <input
          id="search"
          type="search"
          placeholder="Search datasets and columns  /"
          autocomplete="off"
          spellcheck="false"
        />
        <div class="found">
          <p role="status" hidden></p>
          <ul hidden></ul>
        </div>
      </div>
    </div>
  </div>`;
}
