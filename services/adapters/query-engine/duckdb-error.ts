import { type ErrorKind, PipelineError } from '../../core/error.ts';

/** Errors of DuckDB that are about data, and so show it. */
const ABOUT_DATA = /^(?:Conversion|Invalid Input|Out of Range|Constraint|Mismatch Type) Error/;
/** A quoted value; it may hold quotes itself, and `can't` is none. */
const VALUE = /(?<!\w)(['"]).*\1(?!\w)/;

/**
 * DuckDB's errors are plain; their kind stands before the first colon of the text. `fault` is the kind of a statement
 * that fails for what it says: `input-invalid` for a reader's, who may see the values of rows that others may not, for
 * their messages end up in logs and records.
 */
export function translateDuckdb(sql: string, error: unknown, fault: ErrorKind): PipelineError {
  const text = error instanceof Error ? error.message : String(error);
  const said = text.split('\n', 1)[0] ?? text;
  const firstLine =
    fault === 'input-invalid' || !ABOUT_DATA.test(said) ? said : said.replace(VALUE, '…');
  // A log shows causes too.
  const detail = firstLine === said ? { cause: error } : {};
  if (text.startsWith('Permission Error') || text.includes('configuration has been locked')) {
    return new PipelineError('denied', `query reaches outside its tables: ${firstLine}`, detail);
  }
  if (/^INTERRUPT/i.test(text)) {
    return new PipelineError('interrupted', 'query stopped before the end', detail);
  }
  if (/\bOut of Memory\b/i.test(firstLine)) {
    const message = `query needs more memory than allowed: ${firstLine}`;
    const hint = 'ask for fewer columns than *, or for fewer rows';
    return new PipelineError('too-large', message, { ...detail, hint });
  }
  if (text.startsWith('IO Error')) {
    return new PipelineError('unavailable', `query engine: ${firstLine}`, detail);
  }
  const place = /\bLINE (\d+):/.exec(text);
  const where = place ? ` (line ${place[1]})` : '';
  const short = sql.length > 80 ? `${sql.slice(0, 77)}...` : sql;
  return new PipelineError(
    fault,
    `query${where}: ${firstLine} in: ${short.replaceAll(/\s+/g, ' ')}`,
    detail,
  );
}
