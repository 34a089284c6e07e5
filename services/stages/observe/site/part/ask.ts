import { quoteIdentifier, quoteText } from '../../../../core/column.ts';
import type { CatalogueEntry } from '../../catalogue/catalogue.ts';
import { html, type Markup } from '../../page/html.ts';

/** Commands that ask a dataset with SQL, as they can be pasted into a shell. */
export function askPart(entry: CatalogueEntry): Markup {
  const table = `${identifier(entry.database)}.${identifier(entry.dataset.name)}`;
  const newest = partitionCondition(entry);
  const flag = entry.place === 'warehouse' ? ' --warehouse' : '';
  const command = (sql: string): string => `argosy query${flag} ${shellWord(sql)}`;
  const lines = [
    command(`SELECT * FROM ${table} LIMIT 10`),
    ...(newest === null ? [] : [command(`SELECT count(*) FROM ${table} WHERE ${newest}`)]),
  ];
  return pre(lines);
}

/** SQL as it is written. */
export function sqlText(sql: string): Markup {
  return pre(sql.trim().split('\n'));
}

/** Line ends stay as they are: each line is put in on its own. */
function pre(lines: readonly string[]): Markup {
  const escaped = lines.map((line) => html`${line}`.markup).join('\n');
  return { markup: `<pre tabindex="0"><code>${escaped}</code></pre>` };
}

function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
}

/** A word of a POSIX shell. */
function shellWord(text: string): string {
  return /["$`\\!]/.test(text) || text.includes("'")
    ? `'${text.replaceAll("'", String.raw`'\''`)}'`
    : `"${text}"`;
}

/** What the rows of the newest partition meet, where its folders name columns of the dataset. */
function partitionCondition({ dataset, facts }: CatalogueEntry): string | null {
  const partition = facts?.partitions.at(-1)?.partition;
  const folders = partition?.split('/') ?? [];
  const conditions = folders.map((folder) => {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(folder) ?? [];
    const column = dataset.columns.find((one) => one.name === name);
    if (column === undefined) return null;
    return `${identifier(name)} = ${literal(value, column.type)}`;
  });
  return conditions.length === 0 || conditions.includes(null) ? null : conditions.join(' AND ');
}

function literal(value: string, type: string): string {
  if (/^(?:INTEGER|BIGINT)$/.test(type) && /^\d+$/.test(value)) return value;
  return type === 'DATE' ? `DATE ${quoteText(value)}` : quoteText(value);
}
