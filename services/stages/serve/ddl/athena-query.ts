import { quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import type { Cell } from '../../../ports/query-engine.ts';
import { expandMacros } from './macro.ts';
import { nextPlace, tokensOf } from './tokens.ts';

/**
 * A shipped query as Athena and Trino take it: macros written out, `$1` as its value, and no word on whether a WITH is
 * kept. Everything else is in the SQL that all engines share (docs/catalogue.md).
 */
export function athenaQuery(
  sql: string,
  { macros = '', values = [] }: { macros?: string; values?: readonly Cell[] } = {},
): string {
  const tokens = tokensOf(expandMacros(sql, macros));
  const written: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] ?? '';
    const word = token.toUpperCase();
    const next = nextPlace(tokens, at + 1);
    if (word === 'MATERIALIZED') continue;
    if (word === 'NOT' && tokens[next]?.toUpperCase() === 'MATERIALIZED') {
      at = next;
      continue;
    }
    written.push(token.startsWith('$') ? literalOf(token, values) : token);
  }
  return written.join('');
}

function literalOf(name: string, values: readonly Cell[]): string {
  const value = values[Number(name.slice(1)) - 1];
  if (value === undefined)
    throw new PipelineError('bug', `a shipped query has no value for ${name}`);
  if (value === null) return 'NULL';
  return typeof value === 'string' ? quoteText(value) : String(value);
}
