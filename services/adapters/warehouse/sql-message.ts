/**
 * Classes of SQLSTATE whose messages speak of names, of the statement and of the server, never of what a row holds:
 * connections, transactions, permissions, syntax, resources. https://www.postgresql.org/docs/15/errcodes-appendix.html
 */
const CLASSES_OF_NAMES = /^(?:08|0A|21|24|25|26|28|2B|2D|34|3B|3D|3F|40|42|44|53|54|55|57|58)/;

/** A word after which a quoted text is a name and no value. */
const BEFORE_NAME = /\b(?:column|relation|constraint|table|domain|encoding|schema|index) $/;

/** Quotes of the server's languages. */
const QUOTES = /["„“”«»‹›]/g;

/** What a message of the server is told from. */
export interface SqlSaying {
  message: string;
  code: string;
  detail: string | undefined;
}

/**
 * A server's message without values of rows, for it ends up in logs, in records and with people who may not see them.
 * What is left are the server's words, names of columns and constraints, and the SQLSTATE to look it up by.
 */
export function messageWithoutValues({ message, code, detail }: SqlSaying): string {
  if (CLASSES_OF_NAMES.test(code)) return message;
  // RAISE in a function of the server's may say anything.
  if (/^(?:P0|38|39|HV)/.test(code)) return `an error of the server's own code (SQLSTATE ${code})`;
  const told = withoutValues(message);
  // The names of a key stand before its values: `Key (a, b)=(1, 2) already exists.`
  const key = code.startsWith('23') ? /^Key \(([^()]*)\)=/.exec(detail ?? '')?.[1] : undefined;
  return `${told} (SQLSTATE ${code}${key === undefined ? '' : `, key ${key}`})`;
}

/** From the first quote that does not hold a name to the last one: a value may hold quotes itself. */
function withoutValues(message: string): string {
  const marks = [...message.matchAll(QUOTES)].map(({ index }) => index);
  const last = marks.at(-1);
  for (let at = 0; at < marks.length; at += 2) {
    const from = marks[at] ?? 0;
    if (BEFORE_NAME.test(message.slice(0, from))) continue;
    return withoutTail(`${message.slice(0, from)}…${message.slice((last ?? from) + 1)}`);
  }
  return withoutTail(message);
}

/** What stands behind a colon is what the words before it are about. */
function withoutTail(message: string): string {
  return message.split(': ', 1)[0] ?? message;
}
