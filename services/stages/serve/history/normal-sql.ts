/** Words that mean the same in any case of letters, wherever they stand unquoted: reserved in every engine's SQL. */
const RESERVED = new Set(
  (
    'all and any as asc between by case cast cross desc distinct else end except exists false from full group having in ' +
    'inner intersect is join left like limit natural not null offset on or order outer over partition right select then ' +
    'true union using when where with'
  ).split(' '),
);

/** Notes, texts, quoted names, blanks, words, and any other character. */
const PIECE =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\s+|[\p{L}_][\p{L}\p{N}_$]*|[^]/gu;

/** Texts between `$$`, and after an E, which have other ends: blanks in them would be taken for those of the query. */
const DOLLAR_TEXT = /\$\w*\$/;

/**
 * A query as it is told apart from others: without notes, with one blank where there are any, reserved words in small
 * letters, without a semicolon at the end. Names keep their letters, for those of an answer's columns come from them.
 */
export function normalSql(sql: string): string {
  if (DOLLAR_TEXT.test(sql)) return sql.trim();
  let text = '';
  for (const [piece] of sql.matchAll(PIECE)) {
    if (piece.startsWith("'") && /(?:^|\W)e$/i.test(text)) return sql.trim();
    const isBlank = /^(?:\s|--|\/\*)/.test(piece);
    if (isBlank) text += text === '' || text.endsWith(' ') ? '' : ' ';
    else text += RESERVED.has(piece.toLowerCase()) ? piece.toLowerCase() : piece;
  }
  return text.replace(/[\s;]+$/, '');
}

/** What answers differently from one moment to the next: the time, chance, the session. */
const UNSTEADY =
  /\b(?:now|today|current_(?:date|time|timestamp|user|schema|catalog)|local_?time(?:stamp)?|get_current_time(?:stamp)?|transaction_timestamp|rand|random|uuid(?:v\d)?|gen_random_uuid|shuffle|setseed|nextval|tablesample|pg_\w+|duckdb_\w+|age|version|txid_current)\b|\busing\s+sample\b/i;

/** True when asking again of the same tables gives the same answer, as far as its text tells. */
export function isSteady(sql: string): boolean {
  if (DOLLAR_TEXT.test(sql) || /\be'/i.test(sql)) return false;
  const bare = normalSql(sql).replaceAll(/'(?:[^']|'')*'/g, "''");
  return !UNSTEADY.test(bare) && !/^(?:explain|describe|summarize|show|pragma)\b/i.test(bare);
}
