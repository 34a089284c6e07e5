/** One assignment of a `.env` file. */
export interface DotenvEntry {
  name: string;
  value: string;
  lineNumber: number;
}

/** What a `.env` file holds, and the lines that are no assignment. */
export interface DotenvContent {
  entries: DotenvEntry[];
  badLineNumbers: number[];
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/;
const DOUBLE_QUOTED = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/;
const SINGLE_QUOTED = /^'([^']*)'\s*(?:#.*)?$/;

/**
 * Reads `NAME=value` lines: `export` before them, comments, and values in quotes. Nothing is
 * interpolated: `$` is a dollar sign. In double quotes `\n`, `\t`, `\"` and `\\` are escapes; a
 * value ends with its line.
 */
export function parseDotenv(text: string): DotenvContent {
  const content: DotenvContent = { entries: [], badLineNumbers: [] };
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const [, name, raw] = ASSIGNMENT.exec(line) ?? [];
    const value = raw === undefined ? null : valueOf(raw.trim());
    if (name === undefined || value === null) content.badLineNumbers.push(index + 1);
    else content.entries.push({ name, value, lineNumber: index + 1 });
  }
  return content;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** The value as meant; `null` when a quote is left open. */
function valueOf(raw: string): string | null {
  if (raw.startsWith('"')) {
    const inner = DOUBLE_QUOTED.exec(raw)?.[1];
    return inner?.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter) ?? null;
  }
  if (raw.startsWith("'")) return SINGLE_QUOTED.exec(raw)?.[1] ?? null;
  return raw.startsWith('#') ? '' : raw.replace(/\s+#.*$/, '');
}
