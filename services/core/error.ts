/** What every kind of failure means to the caller: may it be tried again, and which exit code it ends with. */
const KINDS = {
  'input-invalid': { exitCode: 20, retry: 'never' },
  'quality-failed': { exitCode: 21, retry: 'never' },
  'too-large': { exitCode: 22, retry: 'never' },
  'not-found': { exitCode: 23, retry: 'never' },
  unavailable: { exitCode: 30, retry: 'later' },
  throttled: { exitCode: 31, retry: 'later' },
  conflict: { exitCode: 32, retry: 'later' },
  'commit-unknown': { exitCode: 40, retry: 'verify-first' },
  denied: { exitCode: 50, retry: 'never' },
  'config-invalid': { exitCode: 51, retry: 'never' },
  unsupported: { exitCode: 52, retry: 'never' },
  interrupted: { exitCode: 143, retry: 'by-another' },
  bug: { exitCode: 1, retry: 'never' },
} as const satisfies Record<
  string,
  { exitCode: number; retry: 'never' | 'later' | 'verify-first' | 'by-another' }
>;

/** The closed list of failure kinds (design A5). Retry and exit code follow from the kind alone. */
export type ErrorKind = keyof typeof KINDS;

export interface ErrorDetail {
  /** What to do next, in the imperative. Shown on a line of its own, after `hint:`. */
  hint?: string;
  cause?: unknown;
  /** Only with `throttled`: how long the other side asked us to wait. */
  retryAfterMs?: number;
  /** Only of a write: it is known that nothing of it is there, and no read has to tell. */
  isUnwritten?: boolean;
}

/** The one error class. The message is one line: what failed, on which object (and line), and why. */
export class PipelineError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly isUnwritten: boolean;

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'PipelineError';
    this.kind = kind;
    this.hint = detail.hint;
    this.retryAfterMs = detail.retryAfterMs;
    this.isUnwritten = detail.isUnwritten === true;
  }
}

/**
 * True for the kinds that a retry may cure (30, 31, 32). Not `commit-unknown`: verify first. Not `interrupted`: whoever
 * was told to stop stops, and the workflow tries again by the exit code (workflows/*.yaml, `retryStrategy`).
 */
export function isRetryable(error: unknown): error is PipelineError {
  return error instanceof PipelineError && KINDS[error.kind].retry === 'later';
}

/** The process exit code of a kind (design A5). */
export function exitCodeOf(kind: ErrorKind): number {
  return KINDS[kind].exitCode;
}

/** The kind with this exit code; `bug` for every code that is not ours. */
export function kindOfExitCode(exitCode: number): ErrorKind {
  for (const [kind, { exitCode: code }] of Object.entries(KINDS)) {
    if (code === exitCode) return kind as ErrorKind;
  }
  return 'bug';
}

/** Anything thrown, as a PipelineError: ours unchanged, an abort as `interrupted`, the rest as `bug`. */
export function toPipelineError(thrown: unknown): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new PipelineError('interrupted', 'stopped before the end', { cause: thrown });
  }
  return new PipelineError('bug', message, { cause: thrown });
}
