import { PipelineError } from '../../../core/error.ts';
import { printable } from '../../../core/printable.ts';

/**
 * The text of a JSON answer: UTF-8, or what its content type says, without a byte order mark. `input-invalid` when the
 * bytes are not of that charset, or nobody knows it.
 */
export function decodeJson(
  { bytes, contentType }: { bytes: Uint8Array; contentType: string | null },
  address: string,
): string {
  const label = /;\s*charset="?([^\s;"]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch (cause) {
    const why = `the answer is not in its charset, ${printable(label.slice(0, 40))}`;
    throw new PipelineError('input-invalid', `${address}: ${why}`, {
      hint: 'JSON is written in UTF-8',
      cause,
    });
  }
}
