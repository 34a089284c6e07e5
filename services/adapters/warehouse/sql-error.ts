import { type ErrorDetail, type ErrorKind, PipelineError } from '../../core/error.ts';
import { messageWithoutValues } from './sql-message.ts';

/** What an error of PostgreSQL carries besides its message; both drivers give it these names. */
export interface SqlFault {
  message: string;
  /** Five letters, https://www.postgresql.org/docs/15/errcodes-appendix.html; absent when no server said it. */
  code: string | undefined;
  severity: string | undefined;
  detail: string | undefined;
  where: string | undefined;
}

/** By the whole code, else by its class, its first two letters. */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  '08': 'unavailable',
  '57P': 'unavailable',
  '53300': 'unavailable',
  '53': 'too-large',
  '54': 'too-large',
  '28': 'denied',
  '42501': 'denied',
  '25006': 'denied',
  '3D000': 'config-invalid',
  '40': 'conflict',
  '55P03': 'conflict',
  '55006': 'conflict',
  '22': 'input-invalid',
  '23': 'input-invalid',
};

const HINTS: Readonly<Partial<Record<ErrorKind, string>>> = {
  unavailable: 'see that the warehouse runs and can be reached, then run again',
  denied: 'see that the user and password of the warehouse are right and the user may do this',
  'config-invalid': 'create the database, or name another one in ARGOSY_WAREHOUSE',
  conflict: 'something else works on the same tables: run again later',
  'too-large': 'the server is short of disk or memory, or the statement asks for too much',
};

export interface SqlContext {
  /** The warehouse's address without password. */
  url: string;
  /** The kind of a statement that fails for what it says: `input-invalid` for a reader's, who may see its values. */
  fault: 'input-invalid' | 'bug';
  isAborted: boolean;
}

/** Anything a driver throws, as ours. */
export function translateSql(
  thrown: unknown,
  { url, fault, isAborted }: SqlContext,
): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const said = faultOf(thrown);
  const { code, where } = said;
  if (code === undefined && !isAborted) return unreached(thrown, url, said.message);
  const message =
    code === undefined || fault === 'input-invalid'
      ? said.message
      : messageWithoutValues({ ...said, code });
  const cause = { cause: toldAs(message, said) };
  if (isAborted || code === undefined)
    return new PipelineError('interrupted', 'stopped before the end', cause);
  if (code === '57014') {
    return new PipelineError('too-large', `${url}: the statement took too long: ${message}`, {
      hint: 'narrow the statement down, or run again when the server has less to do',
      ...cause,
    });
  }
  const kind = KINDS[code] ?? KINDS[code.slice(0, 3)] ?? KINDS[code.slice(0, 2)] ?? fault;
  const place = placeOf(where);
  const hint = HINTS[kind];
  const about: ErrorDetail = hint === undefined ? cause : { hint, ...cause };
  return new PipelineError(kind, `${url}: ${place}${message}`, about);
}

/** The driver's error holds values of rows in its message, its stack and its details, and a log shows causes too. */
function toldAs(message: string, { code, severity }: SqlFault): Error {
  return Object.assign(new Error(message), { code, severity });
}

/** No server said anything: the way to it is broken, or was never there. */
function unreached(thrown: unknown, url: string, message: string): PipelineError {
  if (/ENOSPC|EDQUOT/.test(message)) {
    return new PipelineError('too-large', `${url}: ${message}`, {
      hint: 'make room on the disk, then run again: what was committed is there',
      cause: thrown,
    });
  }
  const hint = HINTS.unavailable ?? '';
  if (/certificate|self.signed|SSL/i.test(message)) {
    return new PipelineError('config-invalid', `${url}: no safe connection: ${message}`, {
      hint: 'sslmode and sslrootcert in the address say how far the server is trusted (docs/warehouse.md)',
      cause: thrown,
    });
  }
  return new PipelineError('unavailable', `${url}: ${message}`, { hint, cause: thrown });
}

/** `COPY staged_x, line 3, column amount: "abc"` as `line 3, column amount: `, without the value. */
function placeOf(where: string | undefined): string {
  const place = /^COPY .*?, (line \d+)(?:, column ("[^"]+"|[^:\s]+))?/.exec(where ?? '');
  if (place === null) return '';
  return `${place[1]}${place[2] === undefined ? '' : `, column ${place[2]}`}: `;
}

/** The parts of a driver's error, also of one that was translated. A failed connection to a name with several addresses holds one error for each. */
export function faultOf(thrown: unknown): SqlFault {
  if (thrown instanceof PipelineError && thrown.cause !== undefined) return faultOf(thrown.cause);
  if (thrown instanceof AggregateError && thrown.errors.length > 0)
    return faultOf(thrown.errors[0]);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const part = (name: string): string | undefined => {
    const value: unknown =
      typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const code = part('code');
  return {
    message: message.replaceAll(/\s+/g, ' ').trim(),
    // Node's own codes (ECONNRESET) are longer.
    code: code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined,
    severity: part('severity'),
    detail: part('detail'),
    where: part('where'),
  };
}

/** True when a COMMIT that ended like this may have been done all the same. */
export function isCommitUnknown(thrown: unknown): boolean {
  const { code, severity } = faultOf(thrown);
  return (
    code === undefined || severity === 'FATAL' || severity === 'PANIC' || /^(?:08|57P)/.test(code)
  );
}
