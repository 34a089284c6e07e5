const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|[A-Za-z_]\w*|\$\d+|\d+(?:\.\d+)?|\s+|[^]/g;

/**
 * A SQL text in pieces that give it back when put together: texts in quotes, quoted names, comments, words, `$1`,
 * numbers, blanks, and single characters.
 */
export function tokensOf(sql: string): string[] {
  return sql.match(TOKEN) ?? [];
}

/** True for what stands between words: blanks and comments. */
export function isBlank(token: string): boolean {
  return token.trim() === '' || token.startsWith('--');
}

/** The place of the next token from `at` on that is no blank; the end when there is none. */
export function nextPlace(tokens: readonly string[], at: number): number {
  let place = at;
  while (place < tokens.length && isBlank(tokens[place] ?? '')) place += 1;
  return place;
}
