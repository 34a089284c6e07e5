import { PipelineError } from '../../../core/error.ts';
import type { UploadRow } from './upload-rows.ts';

/** Why a row of an upload is not in the output, in the order of looking. */
export const UPLOAD_REASONS = [
  'row-width',
  'id-missing',
  'id-repeated',
  'amount-missing',
  'amount-invalid',
  'amount-not-positive',
] as const;

export type UploadReason = (typeof UPLOAD_REASONS)[number];

/** Ids that are remembered of one upload: about 200 MB. */
export const IDS_MAX = 2_000_000;

const ID = 'transaction_id';
const AMOUNT = 'amount';
const PROCESSED_AT = 'processed_at';

/** What is asked of each row in its turn; it remembers the ids that it has seen. */
export interface UploadCleaner {
  /** The columns of the output: those of the upload, and `processed_at`. */
  columns: readonly string[];
  /** The row of the output, or why there is none. */
  judge(row: UploadRow): readonly string[] | UploadReason;
}

/**
 * Opens the rules of requirements 4.11 over an upload with this header: the first row of an id stays (ids compared
 * without blanks around them and without case), amounts are there and above zero. Values are not changed. `what` names
 * the upload in `input-invalid`, when a column is not there or there twice, and in `too-large`, above `idsMax` ids.
 */
export function openCleaner(
  header: UploadRow,
  { what, processedAt, idsMax = IDS_MAX }: { what: string; processedAt: string; idsMax?: number },
): UploadCleaner {
  const names = header.fields.map((name) => name.trim().toLowerCase());
  const faults = headerFaults(names);
  if (faults.length > 0) {
    throw new PipelineError('input-invalid', `${what}, line ${header.line}: ${faults.join(', ')}`, {
      hint: `the first line names the columns, with commas between; ${ID} and ${AMOUNT} among them`,
    });
  }
  const [idAt, amountAt] = [names.indexOf(ID), names.indexOf(AMOUNT)];
  const stampAt = names.includes(PROCESSED_AT) ? names.indexOf(PROCESSED_AT) : names.length;
  const stamped = (fields: readonly string[], stamp: string): string[] => {
    const row = [...fields];
    row[stampAt] = stamp;
    return row;
  };
  const seen = new Set<string>();
  return {
    columns: stamped(names, PROCESSED_AT),
    judge: ({ fields }) => {
      if (fields.length !== names.length) return 'row-width';
      const id = (fields[idAt] ?? '').trim().toUpperCase();
      if (isNull(id)) return 'id-missing';
      if (seen.has(id)) return 'id-repeated';
      if (seen.size >= idsMax) throw tooMany(what, idsMax);
      seen.add(id);
      return amountFault(fields[amountAt] ?? '') ?? stamped(fields, processedAt);
    },
  };
}

function headerFaults(names: readonly string[]): string[] {
  const missing = [ID, AMOUNT].filter((name) => !names.includes(name));
  const twice = names.filter((name, at) => names.indexOf(name) < at);
  return [
    ...missing.map((name) => `column ${name} is not there`),
    ...new Set(twice.map((name) => `column ${JSON.stringify(name.slice(0, 60))} is there twice`)),
  ];
}

function tooMany(what: string, idsMax: number): PipelineError {
  return new PipelineError('too-large', `${what}: more than ${idsMax} transactions`, {
    hint: 'split the file, or give it to a batch run, which has no such limit',
  });
}

/** What programs write for nothing. */
function isNull(text: string): boolean {
  return /^(?:|null|none|nan|n\/a|na|nil)$/i.test(text);
}

/** A decimal number, exactly as it is written: nothing is rounded to a float on the way. */
const DECIMAL = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;

function amountFault(text: string): UploadReason | null {
  const amount = text.trim();
  if (isNull(amount)) return 'amount-missing';
  const [, sign, digits] = DECIMAL.exec(amount) ?? [];
  if (digits === undefined) return 'amount-invalid';
  return sign === '-' || !/[1-9]/.test(digits) ? 'amount-not-positive' : null;
}
