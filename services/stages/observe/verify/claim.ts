import { PipelineError } from '../../../core/error.ts';
import { checkKey } from '../../../core/key.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { RecordStore } from '../../../ports/record-store.ts';

/** Something in the store that should not be so. */
export interface Finding {
  /**
   * `missing`: named, but gone. `changed`: its bytes are not those that were recorded. `damaged`: a record that
   * contradicts itself, its key or its digest.
   */
  kind: 'missing' | 'changed' | 'damaged';
  key: string;
  /** Key of the record that says otherwise. */
  namedBy: string;
  message: string;
}

/** What the bytes of an object are, as a record says. */
export interface Proof {
  key: string;
  /** 64 hex digits, or the beginning of them where a record or key holds no more. */
  sha256: string;
  namedBy: string;
  /** False where it may have been removed since: parts of older commits, what has expired. */
  isNeeded: boolean;
}

/** What a walk through the records of a pipeline comes upon. */
export type Claim =
  | { proof: Proof }
  | { finding: Finding }
  /** An object that is named, but of which no record holds a hash that can be recomputed. */
  | { unproven: string };

export interface VerifyPorts {
  store: ObjectStore;
  records: RecordStore;
  /** A second bucket of the pipeline. */
  sideStore(name: string): ObjectStore;
  /** The present moment, for what may have expired. */
  now: Date;
  signal: AbortSignal;
}

/** What a pipeline says of its objects, beside its commits. */
export interface PipelineProofs {
  claims(ports: VerifyPorts): AsyncIterable<Claim>;
  /** Prefixes below which every object is named by a record; one that is not is a stray. */
  zones: readonly string[];
}

/**
 * What a record says; one that lacks a field, or has something else in its place, is damaged. Records are read as they
 * are: whoever verifies them may not trust their shape.
 */
export async function claimsOf(
  namedBy: string,
  read: () => Iterable<Claim> | AsyncIterable<Claim>,
): Promise<Claim[]> {
  const claims: Claim[] = [];
  try {
    for await (const claim of read()) claims.push(claim);
  } catch (error) {
    const isKey = error instanceof PipelineError && error.kind === 'config-invalid';
    if (!(error instanceof TypeError) && !isKey) throw error;
    return [damaged(namedBy, 'it is not the record that was written')];
  }
  return claims.map((claim) =>
    'proof' in claim && !isProof(claim.proof)
      ? damaged(namedBy, 'it names no object, or no hash')
      : claim,
  );
}

function isProof({ key, sha256 }: Proof): boolean {
  try {
    return checkKey(key) === key && /^[0-9a-f]{8,64}$/.test(sha256);
  } catch {
    // No key that could be asked for.
    return false;
  }
}

export function damaged(key: string, message: string): Claim {
  return { finding: { kind: 'damaged', key, namedBy: key, message } };
}
