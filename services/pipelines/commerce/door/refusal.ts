import { PipelineError } from '../../../core/error.ts';
import type { FileRecord } from './file-record.ts';

/** Files that a message names; all of them are in the quarantine. */
const NAMED_MAX = 10;

/** `input-invalid` that names refused files with all that is wrong with each; `end` closes the sentence. */
export function refusalOf(
  refused: readonly FileRecord[],
  { end, hint }: { end: string; hint: string },
): PipelineError {
  const named = refused
    .slice(0, NAMED_MAX)
    .map(({ key, errors }) => `${key} (${errors.join('; ')})`);
  if (refused.length > NAMED_MAX) named.push(`and ${refused.length - NAMED_MAX} more`);
  const files = refused.length === 1 ? '1 file was' : `${refused.length} files were`;
  return new PipelineError('input-invalid', `${files} refused${end}: ${named.join(', ')}`, {
    hint,
  });
}
