import {
  type Claim,
  claimsOf,
  type PipelineProofs,
  type VerifyPorts,
} from '../../stages/observe/verify/claim.ts';
import { LANDING_PREFIX } from './plan/landed.ts';
import type { Extraction } from './plan/ledger.ts';

/** Landed replies, as the record of each extraction has them. */
export const marketProofs: PipelineProofs = { claims, zones: [LANDING_PREFIX] };

const EXTRACTIONS = 'extractions';

async function* claims({ records, signal }: VerifyPorts): AsyncIterable<Claim> {
  for await (const { id, value } of records.scan<Extraction>(EXTRACTIONS, { signal })) {
    const namedBy = `_records/${EXTRACTIONS}/${id}.json`;
    const { key, sha256, outcome } = value;
    if (outcome !== 'landed' && key === null) continue;
    yield* await claimsOf(namedBy, () => [
      { proof: { key: key ?? '', sha256: sha256 ?? '', namedBy, isNeeded: true } },
    ]);
  }
}
