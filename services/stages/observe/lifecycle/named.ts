import { PipelineError } from '../../../core/error.ts';
import { commitClaims } from '../verify/commit-claims.ts';
import type { PipelineProofs, VerifyPorts } from '../verify/claim.ts';

/**
 * The keys that the newest commits and the records of a pipeline need. `input-invalid` when one of them is damaged: then
 * nobody knows what it named, and nothing may be removed.
 */
export async function namedKeys(
  ports: VerifyPorts,
  proofs: PipelineProofs,
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  for (const claims of [commitClaims(ports.store, ports.signal), proofs.claims(ports)])
    for await (const claim of claims) {
      if ('proof' in claim && claim.proof.isNeeded) named.add(claim.proof.key);
      if (!('finding' in claim) || claim.finding.kind !== 'damaged') continue;
      const { key, message } = claim.finding;
      throw new PipelineError('input-invalid', `${ports.store.url}/${key}: ${message}`, {
        hint: 'nothing was removed: what it names is not known; argosy verify tells all that is damaged',
      });
    }
  return named;
}
