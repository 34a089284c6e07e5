import { array, assert, integer, property } from 'fast-check';
import { parse } from 'node-html-parser';
import { expect, it } from 'vitest';
import { html } from '../../../services/stages/observe/page/html.ts';
import { renderPage } from '../../../services/stages/observe/page/page.ts';
import { table } from '../../../services/stages/observe/page/table.ts';
import { changeText, tiles } from '../../../services/stages/observe/page/tiles.ts';

const MARKS = `<b a="1" c='2'>&amp;</b>`;

it('what is put into a template is text, unless it is markup', () => {
  const bold = html`<b>${MARKS}</b>`;
  expect(bold.markup).toBe('<b>&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;</b>');
  expect(html`<i title="${MARKS}">${[bold, 7, null, '<']}</i>`.markup).toBe(
    `<i title="&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;">${bold.markup}7&lt;</i>`,
  );
});

/** Any code units, halves of characters among them. */
const textArb = array(integer({ min: 0, max: 0xff_ff }), { maxLength: 40 }).map((codes) =>
  String.fromCharCode(...codes, ...codes.map((code) => code % 128)),
);

it('no text whatever makes an element or an attribute, or changes the direction of letters', () => {
  assert(
    property(textArb, (text) => {
      const { markup } = html`<p title="${text}">${text}</p>`;
      // Only what the template itself has: two brackets each way, two quotes.
      expect(markup.match(/[<>"']/g)?.join('')).toBe('<""><>');
      expect(markup).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});

it('a table has a name, a head a column, and every cell as text', () => {
  assert(
    property(array(array(textArb, { minLength: 2, maxLength: 2 })), (rows) => {
      const columns = [{ name: 'name' }, { name: 'rows', kind: 'number' as const }];
      const found = parse(table({ caption: MARKS, columns, rows }).markup);
      expect(found.querySelectorAll('th[scope=col]')).toHaveLength(2);
      expect(found.querySelectorAll('td')).toHaveLength(rows.length * 2);
      expect(found.querySelectorAll('b')).toHaveLength(0);
    }),
  );
});

it('a page allows nothing but its own style, and the same content gives the same bytes', () => {
  const content = {
    title: MARKS,
    subtitle: 'of a day',
    facts: [['Run', MARKS]] as const,
    opening: tiles([{ label: 'rows', value: MARKS }]),
    sections: [{ id: 'one', title: MARKS, lead: MARKS, body: MARKS }],
    origin: MARKS,
  };
  const text = renderPage(content);
  expect(renderPage(content)).toBe(text);
  const page = parse(text);
  const policy = page.querySelector('meta[http-equiv]')?.getAttribute('content') ?? '';
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; img-src data:;/);
  expect(page.querySelectorAll('script, b, [style], [onclick]')).toHaveLength(0);
  expect(text).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
});

it('a change is told with its direction, and not without a figure to compare with', () => {
  const text = (value: number): string => String(value);
  expect(changeText(110, 100, text).markup).toContain('up 10.0 % from 100');
  expect(changeText(90, 100, text).markup).toContain('down 10.0 % from 100');
  expect(changeText(5, 0, text).markup).toContain('up from 0');
  expect(changeText(5, 5, text).markup).toBe('as before');
  expect(changeText(5, null, text).markup).toBe('no run before');
});
