import { sha256 } from '../../core/manifest.ts';
import { makeFinanceSample } from '../../sample/finance.ts';
import { bucketFor } from '../host.ts';
import { checkedDate } from '../run/run-identity.ts';
import type { Sample } from './sample.ts';
import type { Session } from '../session.ts';

const SAMPLE_SEED = 42;
const TRANSACTIONS = 10_000;
const CUSTOMERS = 5_000;
/** The sample's day where none is asked for: always the same, so that a second run finds nothing new. */
const SAMPLE_DAY = '2026-01-31';
const FOLDER = 'inbox/sample';

/**
 * Puts the sample's files below `inbox/sample/` of the sample's store, as of the day that is asked for; what is there
 * already stays as it is. A second file of customers holds those that come late.
 */
export async function putFinanceSample(
  session: Session,
  asked: Readonly<Record<string, string>>,
): Promise<Sample> {
  const day = checkedDate(asked['logical-date'] || SAMPLE_DAY);
  const sample = makeFinanceSample({
    seed: SAMPLE_SEED,
    transactions: TRANSACTIONS,
    customers: CUSTOMERS,
    lastDay: day,
  });
  const key = (name: string): string => `${FOLDER}/${name}-${day}.csv`;
  await putNew(session, key('transactions'), sample.transactionsCsv);
  await putNew(session, key('customers'), sample.customersCsv);
  await putNew(session, lateCustomersKey(day), sample.lateCustomersCsv);
  return {
    parameters: {
      'logical-date': day,
      transactions: key('transactions'),
      customers: key('customers'),
    },
    close: async () => undefined,
  };
}

/** Where the sample's late customers are, as of a day. */
export function lateCustomersKey(day: string): string {
  return `${FOLDER}/late-customers-${day}.csv`;
}

async function putNew(session: Session, key: string, bytes: Uint8Array): Promise<void> {
  const store = bucketFor(session, 'finance');
  const { signal } = session;
  const stored = await store.get(key, { signal });
  if (stored === null || sha256(stored) !== sha256(bytes)) await store.put(key, bytes, { signal });
}
