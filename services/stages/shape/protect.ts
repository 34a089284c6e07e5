import { createHash } from 'node:crypto';
import { quoteIdentifier } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import { type Secret, secret } from '../../core/secret.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';

/**
 * What a column tells of a person. `person-id` names one; `visit-id` does, or is made of an address and a browser, and
 * then begins with `visitor:`; `free-text` is written by people and may hold anything.
 * Every column of a tagged dataset has a tag, `none` among them.
 */
export type PersonalTag =
  | 'none'
  | 'person-id'
  | 'visit-id'
  | 'ip-address'
  | 'user-agent'
  | 'free-text';

export interface ProtectRequest {
  /** What the columns belong to, for messages. */
  dataset: string;
  /** The columns that are about to be published. */
  columns: readonly string[];
  tags: Readonly<Record<string, PersonalTag>>;
  /** `ARGOSY_ENVIRONMENT`: identifiers stay as they are in `prod` alone. */
  environment: string;
}

/** Where a reader of curated tables may have to know who a customer is. */
const OPEN_ENVIRONMENTS: ReadonlySet<string> = new Set(['prod', 'production']);

/** True where identifiers of persons are published as hashes (requirements 3.8, design S15). */
export function hashesPersons(environment: string): boolean {
  return !OPEN_ENVIRONMENTS.has(environment.toLowerCase());
}

/**
 * The list of a SELECT that publishes these columns without personal data (requirements 3.8): addresses lose their last
 * octet, or their last 80 bits; user agents are dropped; mail addresses, addresses and long numbers in texts become
 * `***`; identifiers become a salted HMAC where the environment asks for it, for which `prepareProtection` must have
 * been called. `quality-failed` for a column without a tag: nobody has said that it may be published.
 */
export function protectedColumns(request: ProtectRequest): string {
  const { dataset, columns, tags } = request;
  const untagged = columns.filter((name) => !Object.hasOwn(tags, name));
  if (untagged.length > 0) {
    throw new PipelineError(
      'quality-failed',
      `${dataset}: ${untagged.length} columns have no tag that says what they tell of a person: ${untagged.join(', ')}`,
      { hint: 'give each a tag in the definition of the dataset (none, if it tells nothing)' },
    );
  }
  return columns
    .map((name) => {
      const column = quoteIdentifier(name);
      return `${valueSql(column, tags[name] ?? 'none', request)} AS ${column}`;
    })
    .join(', ');
}

function valueSql(column: string, tag: PersonalTag, request: ProtectRequest): string {
  if (tag === 'none') return column;
  if (tag === 'person-id')
    return hashesPersons(request.environment) ? `hash_person(${column})` : column;
  if (tag === 'visit-id')
    return hashesPersons(request.environment)
      ? `hash_person(${column})`
      : // An address is found by trying all of them, in any environment.
        `CASE WHEN starts_with(${column}, 'visitor:') THEN 'visitor:' || hash_person(${column}) ELSE ${column} END`;
  if (tag === 'ip-address') return `mask_address(${column})`;
  if (tag === 'free-text') return `mask_text(${column})`;
  return 'CAST(NULL AS VARCHAR)';
}

/** A value of HMAC-SHA256 (RFC 2104): the sizes that it is made of. */
const BLOCK_BYTES = 64;
const INNER = 0x36;
const OUTER = 0x5c;

const V4 = '\\d{1,3}(?:\\.\\d{1,3}){3}';
const GROUP = '[0-9a-f]{1,4}';
/** What people put between the digits of one number: blanks that do not break a line, and dashes of all widths too. */
const BETWEEN = '[ \u00a0\u2007\u2009\u202f()./\u2010-\u2015-]{0,3}';

/**
 * Macros over texts. `mask_address` knows addresses with ports and brackets, and publishes nothing of what is none.
 * `mask_text` hides mail addresses, addresses of IPv4 and IPv6, and numbers of nine digits or more, so that a day stays.
 * `mask_path` hides the same where it stands for a part of a path, but not in a word such as `prod_000000123`.
 */
export const MASKS = `
CREATE OR REPLACE MACRO mask_v6(ip) AS (
  CASE
    WHEN NOT regexp_full_match(ip, '(?:${GROUP}(?::${GROUP})*)?::(?:(?:${GROUP}:)*(?:${GROUP}|${V4}))?|(?:${GROUP}:){7}${GROUP}|(?:${GROUP}:){6}${V4}')
      OR len(list_filter(string_split(ip, ':'), lambda part: part <> '')) > 8 THEN NULL
    WHEN contains(ip, '::') THEN array_to_string(list_slice(list_concat(
      list_filter(string_split(split_part(ip, '::', 1), ':'), lambda part: part <> ''),
      list_concat(
        list_transform(range(greatest(0, 8
          - len(list_filter(string_split(split_part(ip, '::', 1), ':'), lambda part: part <> ''))
          - len(list_filter(string_split(split_part(ip, '::', 2), ':'), lambda part: part <> ''))
          - CASE WHEN contains(ip, '.') THEN 1 ELSE 0 END)), lambda number: '0'),
        list_filter(string_split(split_part(ip, '::', 2), ':'), lambda part: part <> ''))), 1, 3), ':') || '::'
    ELSE array_to_string(list_slice(string_split(ip, ':'), 1, 3), ':') || '::'
  END);
CREATE OR REPLACE MACRO mask_address(ip) AS (
  CASE WHEN regexp_full_match(trim(ip), '${V4}(?::\\d{1,5})?')
    THEN regexp_extract(trim(ip), '^(?:\\d{1,3}\\.){3}') || '0'
    ELSE mask_v6(lower(regexp_replace(trim(ip), '^\\[([^\\]]*)\\](?::\\d{1,5})?$', '\\1'))) END);
CREATE OR REPLACE MACRO mask_text(value) AS (
  regexp_replace(regexp_replace(regexp_replace(regexp_replace(value,
    '[^\\s@<>"'',;:()]+@[^\\s@<>"'',;:()]+', '***', 'g'),
    '\\b(?:${GROUP}:){7}${GROUP}\\b|\\b(?:${GROUP}:){1,7}:(?:${GROUP}(?::${GROUP})*)?', '***', 'gi'),
    '\\b${V4}\\b', '***', 'g'),
    '\\+?\\d(?:${BETWEEN}\\d){8,}', '***', 'g'));
CREATE OR REPLACE MACRO mask_path(value) AS (
  CASE WHEN NOT regexp_matches(value, '@|%40|\\d[^A-Za-z/]{2,}\\d[^A-Za-z/]*\\d') THEN value
    ELSE regexp_replace(regexp_replace(regexp_replace(value,
      '[^/]*(?:@|%40)[^/]*', '***', 'g'),
      '\\b${V4}\\b', '***', 'g'),
      '(^|/)\\+?\\d(?:${BETWEEN.replace('/', '')}\\d){8,}', '\\1***', 'g') END);
`;

/** SQL cannot bind a value in a COPY, and a text with a secret in it might be shown: the salt goes in as a row. */
const MACROS = `${MASKS}
CREATE OR REPLACE MACRO hash_person(value) AS (
  sha256(unhex((SELECT outer_pad FROM main.protection)) ||
    unhex(sha256(unhex((SELECT inner_pad FROM main.protection)) || encode(value)))));`;

/**
 * Makes known to the engine what `protectedColumns` uses. NULL stays NULL. What is hashed with the same salt is the same
 * in every table, so that hashed tables can be joined.
 */
export async function prepareProtection(engine: QueryEngine, salt: Secret): Promise<void> {
  await engine.run(
    'CREATE OR REPLACE TABLE main.protection (inner_pad VARCHAR, outer_pad VARCHAR)',
  );
  await engine.append('protection', [
    { type: 'VARCHAR', values: [padOf(salt, INNER)] },
    { type: 'VARCHAR', values: [padOf(salt, OUTER)] },
  ]);
  await engine.run(MACROS);
}

function padOf(salt: Secret, mask: number): string {
  const given = Buffer.from(salt.reveal());
  const key = given.length > BLOCK_BYTES ? createHash('sha256').update(given).digest() : given;
  const pad = Buffer.alloc(BLOCK_BYTES, mask);
  for (const [at, byte] of key.entries()) pad[at] = byte ^ mask;
  return pad.toString('hex');
}

/** Known to everybody who reads this: good for a laptop, where whoever reads the tables has the raw files too. */
const LOCAL_SALT = 'argosy-local-salt';

/**
 * The salt that is set, or that of a laptop; `config-invalid` where neither is right: a hash of `cust_000123` with a
 * known salt is found by trying.
 */
export function saltOf(settings: { environment: string; personSalt: Secret | undefined }): Secret {
  const { environment, personSalt } = settings;
  if (personSalt !== undefined) return personSalt;
  if (environment === 'local' || !hashesPersons(environment)) return secret(LOCAL_SALT);
  throw new PipelineError(
    'config-invalid',
    `ARGOSY_PII_SALT is not set, and identifiers of persons are hashed in ${environment}`,
    { hint: 'set ARGOSY_PII_SALT (or ARGOSY_PII_SALT_FILE) to a random text, and keep it' },
  );
}
