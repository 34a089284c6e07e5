import { type ErrorKind, PipelineError } from '../../core/error.ts';

/** What the local disk refuses, by Node's code: what time or room may cure, and what somebody has to set right. */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  ENOSPC: 'unavailable',
  EDQUOT: 'unavailable',
  EIO: 'unavailable',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
  EACCES: 'config-invalid',
  EPERM: 'config-invalid',
  EROFS: 'config-invalid',
  ENOTDIR: 'config-invalid',
  EISDIR: 'config-invalid',
  EEXIST: 'config-invalid',
};

/** A place on the local disk, and the setting that decides where it is. */
export interface DiskPlace {
  path: string;
  setting: string;
  /** What to do when it may not be used; without it: let the setting name another folder. */
  hint?: string;
}

/** The disk's refusal as `unavailable` or `config-invalid` naming path and setting; anything else as it was thrown. */
export function diskError(thrown: unknown, place: DiskPlace): unknown {
  if (thrown instanceof PipelineError || !(thrown instanceof Error)) return thrown;
  const { code = '', path: exact }: NodeJS.ErrnoException = thrown;
  const kind = KINDS[code];
  if (kind === undefined) return thrown;
  const { path, setting } = place;
  const message = `${exact ?? path} (${setting}) cannot be used: ${code}`;
  const hint =
    kind === 'unavailable'
      ? 'make room on the disk or end other programs, and run again'
      : (place.hint ?? `let ${setting} name a folder that this user may write to`);
  return new PipelineError(kind, message, { hint, cause: thrown });
}

/** Does the work; what the disk refuses in it is told as `diskError` does. */
export async function onDisk<T>(place: DiskPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw diskError(thrown, place);
  }
}
