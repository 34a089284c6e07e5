import { quoteTable } from '../../../core/column.ts';
import { type Dataset, datasetId } from '../../../core/dataset.ts';
import { nextPlace, tokensOf } from './tokens.ts';

/**
 * A view's SELECT with the schema before each of its tables, so that it means the same whichever schema a reader's
 * session is in. Tables are named right after FROM and JOIN.
 */
export function qualify(
  sql: string,
  { schema, datasets }: { schema: string; datasets: readonly Dataset[] },
): string {
  const own = new Set(datasets.filter((one) => one.schema === undefined).map(datasetId));
  const tokens = tokensOf(sql);
  tokens.forEach((token, at) => {
    if (!['FROM', 'JOIN'].includes(token.toUpperCase())) return;
    const place = nextPlace(tokens, at + 1);
    const name = tokens[place]?.replaceAll('"', '') ?? '';
    if (own.has(name)) tokens[place] = quoteTable(`${schema}.${name}`);
  });
  return tokens.join('');
}
