import { sha256 } from '../../core/manifest.ts';
import { makeCommerceSample } from '../../sample/commerce.ts';
import { bucketFor } from '../host.ts';
import { checkedDate } from '../run/run-identity.ts';
import type { Sample } from './sample.ts';
import type { Session } from '../session.ts';

const SAMPLE_SEED = 7;
/** The sample's last day where none is asked for: always the same, so that a second run finds nothing new. */
const SAMPLE_DAY = '2026-01-31';

/** Puts the four feeds of a small shop below `raw/` of the sample's store; what is there already stays as it is. */
export async function putCommerceSample(
  session: Session,
  asked: Readonly<Record<string, string>>,
): Promise<Sample> {
  const day = checkedDate(asked['logical-date'] || SAMPLE_DAY);
  const store = bucketFor(session, 'commerce');
  const { signal } = session;
  const files = makeCommerceSample({
    seed: SAMPLE_SEED,
    transactions: 12_000,
    products: 500,
    events: 6_000,
    reviews: 1_500,
    customers: 4_000,
    lastDay: day,
    days: 60,
  });
  for (const [key, bytes] of files) {
    const stored = await store.get(key, { signal });
    if (stored === null || sha256(stored) !== sha256(bytes))
      await store.put(key, bytes, { signal });
  }
  return { parameters: { 'logical-date': day }, close: async () => undefined };
}
