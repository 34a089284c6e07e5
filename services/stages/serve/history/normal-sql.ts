/** Words that mean the same in any case of letters, wherever they stand unquoted: reserved in every engine's SQL. */
const RESERVED = new Set(
  (
    'all and any as asc by case cast cross desc distinct else end except false from full group having in inner ' +
    'intersect is join like limit natural not null offset on or order outer select then true union using when where with'
  ).split(' '),
);

/** Notes, texts, quoted names, blanks, words, and any other character. */
const PIECE =
  /--[^\n\r]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|[ \t\n\r\f\v]+|[\p{L}_][\p{L}\p{N}_$]*|[^]/gu;

/** Texts between `$$`, and after an E, which have other ends: blanks in them would be taken for those of the query. */
const DOLLAR_TEXT = /\$[^\s$]*\$/;
const BLANK = /^(?:[ \t\n\r\f\v]|--|\/\*)/;
/** A note within a note ends at the second end. */
const NESTED_NOTE = /^\/\*[\s\S]*\/\*/;

/**
 * A query as it is told apart from others: without notes, with one blank where there are any, reserved words in small
 * letters, without a semicolon at the end. Names keep their letters, for those of an answer's columns come from them.
 * A query in which that could change what it means stays as it is.
 */
export function normalSql(sql: string): string {
  if (DOLLAR_TEXT.test(sql)) return sql.trim();
  let text = '';
  let last = '';
  for (const [piece] of sql.matchAll(PIECE)) {
    if (NESTED_NOTE.test(piece)) return sql.trim();
    if (BLANK.test(piece)) {
      text += text === '' || text.endsWith(' ') ? '' : ' ';
      continue;
    }
    // After an E a text has other ends; after another text it goes on with it, where a line ends between them.
    if (piece.startsWith("'") && (last.endsWith("'") || /^e$/i.test(last))) return sql.trim();
    text += isReserved(piece, last) ? piece.toLowerCase() : piece;
    last = piece;
  }
  return text.replace(/[\s;]+$/, '');
}

/** After AS and after a dot a reserved word is a name too. */
function isReserved(word: string, before: string): boolean {
  return RESERVED.has(word.toLowerCase()) && before !== '.' && !/^as$/i.test(before);
}

/** What answers differently from one moment to the next: the time, chance, the session. */
const UNSTEADY =
  /\b(?:now|today|current_(?:date|time|timestamp|user|role|schemas?|catalog|database|setting|query(?:_id)?|(?:connection|transaction)_id)|currval|stats|in_search_path|session_user|user|getenv|getvariable|sleep_ms|write_log|local_?time(?:stamp)?|get_current_time(?:stamp)?|transaction_timestamp|rand|random|uuid(?:v\d)?|gen_random_uuid|shuffle|setseed|nextval|tablesample|pg_\w+|duckdb_\w+|age|version|txid_current)\b|\busing\s+sample\b/i;

function bareOf(piece: string): string {
  if (BLANK.test(piece)) return ' ';
  return piece.startsWith("'") ? "''" : piece;
}

/** True when asking again of the same tables gives the same answer, as far as its text tells. */
export function isSteady(sql: string): boolean {
  if (DOLLAR_TEXT.test(sql) || /\be'/i.test(sql)) return false;
  const pieces = Array.from(sql.matchAll(PIECE), ([piece]) => piece);
  if (pieces.some((piece) => NESTED_NOTE.test(piece))) return false;
  const bare = pieces.map(bareOf).join('').trim();
  return !UNSTEADY.test(bare) && !/^(?:explain|describe|summarize|show|pragma)\b/i.test(bare);
}
