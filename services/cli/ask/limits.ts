import { PipelineError } from '../../core/error.ts';
import type { Flags } from '../program.ts';
import { countOf } from '../session.ts';
import type { Limits } from './asking.ts';

/** Rows of an answer by default: they are held in memory and printed. */
const ROWS_MAX = 1_000_000;

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** `--row-limit` and `--scan-limit`; `config-invalid` for what is none. */
export function limitsOf({ rowLimit, scanLimit }: Flags): Limits {
  return {
    rowsMax: rowLimit === undefined ? ROWS_MAX : countOf('--row-limit', rowLimit),
    scanBytesMax: scanLimit === undefined ? null : parseBytes(scanLimit),
  };
}

/** `10GB`, `500 MiB`, `1000`: bytes. */
function parseBytes(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const size = UNITS[unit === '' ? 'b' : unit.toLowerCase()];
  if (digits !== undefined && size !== undefined) return Math.floor(Number(digits) * size);
  throw new PipelineError('config-invalid', `--scan-limit ${text} is no number of bytes`, {
    hint: 'for example --scan-limit 10GB',
  });
}
