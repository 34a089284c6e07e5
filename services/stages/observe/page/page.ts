import { createHash } from 'node:crypto';
import { VERSION } from '../../../core/version.ts';
import { type Content, html, type Markup } from './html.ts';
import { STYLE } from './style.ts';

/** A part of a page, with a heading of its own and a place in the list of contents. */
export interface Section {
  /** Unique in the page; a fragment of its address. */
  id: string;
  title: string;
  /** One or two sentences that say what is seen here. */
  lead?: Content;
  body: Content;
}

export interface PageContent {
  title: string;
  subtitle: string;
  /** Below the title: how it stands, in a few words. */
  state?: Content;
  /** What is wrong, a line each; none when all is well. */
  alerts?: readonly Content[];
  /** What is known of the run, by name. */
  facts: readonly (readonly [name: string, value: Content])[];
  /** Before the first section: the figures that matter most. */
  opening?: Content;
  sections: readonly Section[];
  /** After how many seconds a browser that shows the page opens it again; never by default. */
  refreshSeconds?: number;
  /** Where the data of the page is from. */
  origin: string;
  /** What it has in common with the other pages of its site; absent for a page on its own. */
  frame?: PageFrame;
}

export interface PageFrame {
  /** Rules beside those of every page. */
  style: string;
  /** Runs in the page, and may load others; the page has to be readable without. */
  script: string;
  /** Before the title. */
  top: Content;
}

/** Nothing may be loaded or run; the style by its hash, the icon from the page itself. A script by its hash too. */
function policy(style: string, script: string | undefined): string {
  const scripts = script === undefined ? '' : ` script-src '${hashOf(script)}' 'strict-dynamic';`;
  return `default-src 'none'; style-src '${hashOf(style)}';${scripts} img-src data:; base-uri 'none'; form-action 'none'`;
}

/** Of the few styles and scripts that all pages share. */
const HASHES = new Map<string, string>();

function hashOf(text: string): string {
  const known = HASHES.get(text);
  if (known !== undefined) return known;
  const hash = `sha256-${createHash('sha256').update(text).digest('base64')}`;
  HASHES.set(text, hash);
  return hash;
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 13V8m4 5V3m4 10V6m4 7v-3' stroke='%232b6ca3' stroke-width='2' stroke-linecap='round'/%3E%3C/svg%3E";

/**
 * One self-contained page as HTML text: no script but that of its site, nothing loaded from anywhere, light and dark as
 * the reader has it, readable from 360 px and on paper. The same content gives the same bytes.
 */
export function renderPage(content: PageContent): string {
  const { title, subtitle, state, alerts = [], facts, opening, sections, origin, frame } = content;
  // As they are: the policy holds the hashes of these very characters.
  const rules = STYLE + (frame?.style ?? '');
  const style: Markup = { markup: `<style>${rules}</style>` };
  const script: Markup | null =
    frame === undefined ? null : { markup: `<script>${frame.script}</script>` };
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy(rules, frame?.script)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <meta name="referrer" content="no-referrer" />
        ${
          content.refreshSeconds === undefined
            ? null
            : html`<meta http-equiv="refresh" content="${content.refreshSeconds}" />`
        }
        <title>${title}: ${subtitle}</title>
        <link rel="icon" href="${ICON}" />
        ${style}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the contents</a>
        ${frame?.top ?? null}
        <div class="wrap">
          <header>
            <h1>${title}</h1>
            <p class="subtitle">${subtitle}</p>
            ${state === undefined ? null : html`<p class="state">${state}</p>`}
            ${
              alerts.length === 0
                ? null
                : html`<ul class="alerts">
                    ${alerts.map((one) => html`<li>${one}</li>`)}
                  </ul>`
            }
            <dl class="facts">
              ${facts.map(
                ([name, value]) =>
                  html`<div>
                    <dt>${name}</dt>
                    <dd>${value}</dd>
                  </div> `,
              )}
            </dl>
          </header>
          <nav aria-label="Contents">
            <ul>
              ${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li> `)}
            </ul>
          </nav>
          <main id="main">${opening ?? null} ${sections.map(renderSection)}</main>
          <footer><p>Made by argosy ${VERSION} from ${origin}.</p></footer>
        </div>
        ${script}
      </body>
    </html> `.markup;
}

function renderSection({ id, title, lead, body }: Section): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${lead === undefined ? null : html`<p class="lead">${lead}</p>`} ${body}
  </section> `;
}
