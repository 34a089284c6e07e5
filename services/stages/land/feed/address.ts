import { PipelineError } from '../../../core/error.ts';
import { printable } from '../../../core/printable.ts';
import { redactText } from '../../../core/secret.ts';

/** Where rows come from, as one word of a parameter says it. */
export type SourceAddress =
  | { kind: 'http'; url: string }
  | { kind: 'file'; url: string }
  | { kind: 'database' }
  /** `bucket` is null for the pipeline's own; a key that ends with a slash, or is empty, is a prefix. */
  | { kind: 'object'; bucket: string | null; key: string };

const HINT =
  'give https://…, s3://bucket/prefix/, file:///folder/, postgres: (with a query), or a key of the bucket';

/** The addresses of a parameter, blanks or commas between them; `config-invalid` for none and for what is none. */
export function readAddresses(name: string, text: string): SourceAddress[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 0) {
    throw new PipelineError('config-invalid', `parameter ${name} names no source`, { hint: HINT });
  }
  const repeated = words.find((word, at) => words.indexOf(word) !== at);
  if (repeated !== undefined) {
    const shown = showAddress(repeated);
    throw new PipelineError('config-invalid', `parameter ${name} names ${shown} twice`);
  }
  return words.map((word) => readAddress(name, word));
}

function readAddress(name: string, word: string): SourceAddress {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(word)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: 'object', bucket: null, key: word };
  if (scheme === 'http' || scheme === 'https') return { kind: 'http', url: word };
  if (scheme === 'file') return { kind: 'file', url: word };
  if (/^(?:postgres|postgresql):$/i.test(word)) return { kind: 'database' };
  const bucket = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(?:\/(.*))?$/i.exec(word);
  if (bucket?.[1] !== undefined) return { kind: 'object', bucket: bucket[1], key: bucket[2] ?? '' };
  // What stands behind the scheme may hold a password, so it is not repeated.
  const isDatabase = scheme.startsWith('postgres');
  throw new PipelineError(
    'config-invalid',
    `parameter ${name} names a ${scheme}: address that cannot be`,
    {
      hint: isDatabase
        ? 'write postgres: alone; the server, user and password come from ARGOSY_SOURCE_DATABASE'
        : HINT,
    },
  );
}

/** An address for messages and records: without passwords and keys, on one line. */
export function showAddress(address: string): string {
  return printable(redactText(address, []));
}
