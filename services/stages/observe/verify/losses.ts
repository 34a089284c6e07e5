import { PipelineError } from '../../../core/error.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { RunRecord } from '../run-record.ts';
import type { Finding, VerifyPorts } from './claim.ts';

/** What all records and commits of a bucket name. */
interface Named {
  zones: readonly string[];
  keys: ReadonlySet<string>;
}

/**
 * What is lost together with all that named it: a zone whose objects nothing names any more, and a bucket in which
 * nothing is left of what a good run has stored.
 */
export async function lossFindings(ports: VerifyPorts, named: Named): Promise<Finding[]> {
  const runs = await runsOf(ports);
  // A first run that was killed leaves objects that nothing names yet.
  if (runs.count > 0 && runs.good === null) return [];
  const findings: Finding[] = [];
  for (const zone of named.zones) {
    const first = await firstKey(ports, zone);
    if (first !== null && ![...named.keys].some((key) => key.startsWith(zone)))
      findings.push(
        missing(zone, zone, `no commit or record names any of its objects, such as ${first}`),
      );
  }
  if (runs.good !== null && named.keys.size === 0 && findings.length === 0) {
    const message = 'a good run has stored objects, and nothing names one any more';
    findings.push(missing(named.zones[0] ?? '', runs.good, message));
  }
  return findings;
}

/** The finding that nothing is at this key; null when something is. */
export async function absence(
  { store, signal }: Pick<VerifyPorts, 'store' | 'signal'>,
  key: string,
  namedBy: string,
): Promise<{ finding: Finding } | null> {
  if ((await store.head(key, { signal })) !== null) return null;
  return { finding: missing(key, namedBy, 'it is gone') };
}

/** `absent`: there is no such bucket, as far as the store tells it from one that is empty. */
export async function bucketState(
  store: ObjectStore,
  signal: AbortSignal,
): Promise<'absent' | 'empty' | 'filled'> {
  try {
    return (await firstKey({ store, signal }, '')) === null ? 'empty' : 'filled';
  } catch (error) {
    const isAbsent =
      error instanceof PipelineError &&
      error.cause instanceof Error &&
      error.cause.name === 'NoSuchBucket';
    if (isAbsent) return 'absent';
    throw error;
  }
}

/** How many runs there are, and the key of a good one that has stored objects. */
async function runsOf({ records, signal }: VerifyPorts) {
  const runs = { count: 0, good: null as string | null };
  for await (const { id, value } of records.scan<RunRecord>('runs', { signal })) {
    runs.count += 1;
    if (value.status === 'success' && value.objects_written > 0)
      runs.good = `_records/runs/${id}.json`;
  }
  return runs;
}

async function firstKey(
  { store, signal }: Pick<VerifyPorts, 'store' | 'signal'>,
  prefix: string,
): Promise<string | null> {
  for await (const { key } of store.list(prefix, { signal }))
    // Reasons of refused files stand beside what commits name; a probe tells what the store can do.
    if (!key.endsWith('.reasons.json') && !key.startsWith('_probe/')) return key;
  return null;
}

function missing(key: string, namedBy: string, message: string): Finding {
  return { kind: 'missing', key, namedBy, message };
}
