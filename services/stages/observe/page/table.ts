import { type Content, html, type Markup } from './html.ts';

export interface TableColumn {
  name: string;
  /** `number`: right-aligned; `values`: small and fixed width, for what was in the data; `short`: on one line. */
  kind?: 'text' | 'number' | 'values' | 'short';
}

export interface TableContent {
  /** What the table shows; heard before its cells. */
  caption: string;
  columns: readonly TableColumn[];
  rows: readonly (readonly Content[])[];
}

/** A table that scrolls inside itself, by keyboard too, when it is wider than the page. */
export function table({ caption, columns, rows }: TableContent): Markup {
  const heads = columns.map(
    ({ name, kind }) => html`<th scope="col" ${classOf(kind)}>${name}</th>`,
  );
  const lines = rows.map(
    (row) =>
      html`<tr>
        ${row.map((cell, at) => html`<td${classOf(columns[at]?.kind)}>${cell}</td>`)}
      </tr> `,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </div>`;
}

function classOf(kind: TableColumn['kind']): Markup | null {
  return kind === undefined || kind === 'text' ? null : html` class="${kind}"`;
}
