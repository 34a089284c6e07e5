import { PipelineError, type ErrorKind } from '../../core/error.ts';

/** What an operation was about, for the message. */
export interface Subject {
  /** `put`, `get` … */
  method: string;
  /** The object as `${store.url}/${key}` names it. */
  object: string;
}

const KIND_OF_CODE: Record<string, ErrorKind> = {
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENAMETOOLONG: 'config-invalid',
  ENOTDIR: 'unsupported',
  EISDIR: 'unsupported',
  ENOTEMPTY: 'unsupported',
  EEXIST: 'unsupported',
};

const FULL_HINT =
  'free some space on the disk of this folder, or let ARGOSY_STORE name one on another disk';

const HINT_OF_CODE: Record<string, string> = {
  EACCES: 'give the user who runs argosy the right to read and write the folder',
  EPERM: 'give the user who runs argosy the right to read and write the folder',
  EROFS: 'choose a folder on a file system that can be written',
  ENAMETOOLONG: 'choose a shorter folder for the store',
  ENOTDIR: 'a store on disk cannot hold an object and others below the same name: rename one',
  EISDIR: 'a store on disk cannot hold an object and others below the same name: rename one',
  ENOTEMPTY: 'a store on disk cannot hold an object and others below the same name: rename one',
  EEXIST: 'a store on disk cannot hold an object and others below the same name: rename one',
  ENOSPC: FULL_HINT,
  EDQUOT: FULL_HINT,
  EMFILE: 'raise the limit of open files (ulimit -n)',
};

/** The file system's error code, or the empty text for anything else. */
export function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** True when the file, or a folder on the way to it, is not there. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** True when the file or folder is there and this user may not have it. */
export function isDenied(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EACCES' || code === 'EPERM';
}

/** A file system's error in the house's words; ours and aborts pass through. Unknown ones may pass: `unavailable`. */
export function translateFileError(error: unknown, subject: Subject): PipelineError {
  if (error instanceof PipelineError) return error;
  const what = `${subject.method} of ${subject.object}`;
  if (error instanceof Error && error.name === 'AbortError') {
    return new PipelineError('interrupted', `${what} was stopped`, { cause: error });
  }
  const code = codeOf(error);
  if (code === '') return new PipelineError('bug', `${what}: ${String(error)}`, { cause: error });
  const hint = HINT_OF_CODE[code];
  const { syscall } = error as NodeJS.ErrnoException;
  // A full disk refuses before the object gets its name, all but a sync, which may come after.
  const isUnwritten = hint === FULL_HINT && syscall !== 'fsync';
  return new PipelineError(KIND_OF_CODE[code] ?? 'unavailable', `${what} failed: ${code}`, {
    cause: error,
    isUnwritten,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A local file that was promised as a body and is not there is the caller's fault; other troubles are the disk's. */
export function bodyError(path: string, error: unknown): unknown {
  if (!isMissing(error)) return error;
  return new PipelineError('bug', `${path} is to be stored and is not there`, { cause: error });
}

/** Refuses a local file of another size than was stated: it was not finished, or is changed while it is read. */
export function checkBodySize(body: { path: string; sizeBytes: number }, sizeBytes: number): void {
  if (sizeBytes === body.sizeBytes) return;
  const message = `${body.path} has ${sizeBytes} bytes, not the stated ${body.sizeBytes}`;
  throw new PipelineError('bug', message);
}
