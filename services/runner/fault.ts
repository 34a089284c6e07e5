/**
 * Why one node could not go on. `failed` makes the node an Error; the others are decisions of the
 * engine: `requeue` and `parallelism` mean "not now", `depth` and `timeout` end the node in their
 * own way.
 */
export type FaultReason = 'failed' | 'requeue' | 'parallelism' | 'depth' | 'timeout';

/** An error of the workflow, not of this program: its text becomes the message of a node. */
export interface Fault extends Error {
  readonly reason: FaultReason;
}

/** Makes a fault to throw. The message is Argo's own, so it may hold more than one line. */
export function fault(message: string, reason: FaultReason = 'failed'): Fault {
  return Object.assign(new Error(message), { reason });
}

/** True for what `fault` made. */
export function isFault(thrown: unknown): thrown is Fault {
  return thrown instanceof Error && 'reason' in thrown && typeof thrown.reason === 'string';
}

/** The fault that was thrown; anything else is a defect of this program and is thrown on. */
export function faultOf(thrown: unknown): Fault {
  if (isFault(thrown)) return thrown;
  throw thrown;
}

/**
 * Runs `work`; a fault comes back as a value with its message in front of which `prefix` stands.
 */
export function attempt<T>(work: () => T, prefix = ''): { value: T } | { fault: Fault } {
  try {
    return { value: work() };
  } catch (thrown) {
    const found = faultOf(thrown);
    return { fault: prefix === '' ? found : fault(`${prefix}${found.message}`, found.reason) };
  }
}

/**
 * True when the text says that a variable is not there yet; Argo then looks again later, maybe for
 * ever.
 */
export function isMissingVariable(message: string): boolean {
  return (
    message.includes('failed to resolve {{') ||
    message.includes(' is missing') ||
    message.includes('variable not in env')
  );
}
