import type { RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { MASKS } from '../../../stages/shape/protect.ts';
import {
  DATES_PARAMETER,
  type DatesTaken,
  datesTaken,
  FORCE_PARAMETER,
} from '../door/dates-taken.ts';
import { type FileRecord, keepFileRecord } from '../door/file-record.ts';
import type { FeedName } from '../door/raw-key.ts';
import { keepReasons } from '../door/settle.ts';
import { accountsOf } from '../set/feed-set.ts';
import feedMacros from './feed-macros.sql';
import { type Feed, FEEDS } from './feeds.ts';
import { foldersOf, type Made, make, withRefused } from './make.ts';
import { type Plan, planOf } from './plan.ts';
import { batchesOf } from './process-batch.ts';

const SUMMARIES: Readonly<Record<FeedName, string>> = {
  transactions: 'Clean the transactions that are new, and stage the days that they touch',
  products: 'Clean the product files that are new, and stage the newest form of each product',
  clickstream: 'Clean the click events that are new, and stage the days that they touch',
  reviews: 'Clean the reviews that are new, and stage the months that they touch',
};

/**
 * The step of a feed (requirements 3.6 to 3.9). Reads only accepted files that its ledger does not know, stages only the
 * units that they touch, and shows all of it by one commit. Readers see it after the quality gate. Whatever the order in
 * which files come, the tables are those of one build of all of them.
 */
export function transformStep(name: FeedName): Step {
  return {
    name,
    summary: SUMMARIES[name],
    parameters: [DATES_PARAMETER, FORCE_PARAMETER],
    run: (ports, parameters, run) =>
      transform(ports, { feed: FEEDS[name], dates: datesTaken(parameters), run }),
  };
}

async function transform(
  ports: StepPorts,
  { feed, dates, run }: { feed: Feed; dates: DatesTaken; run: RunIdentity },
): Promise<StepResult> {
  const plan = await planOf(ports, feed, dates);
  const isNothing = plan.added.length === 0 && plan.replaced.length === 0 && !plan.isWhole;
  if (isNothing) return resultOf(plan, { set: plan.set, written: 0, rejected: 0 });
  const engine = await ports.openEngine(await foldersOf(ports, plan));
  try {
    await engine.run(`${MASKS}${feedMacros}`);
    const made = await make({ ports, engine }, feed, { plan });
    for (const record of made.unreadable) await refuse(ports, run, record);
    return resultOf(withRefused(plan, made.unreadable), made);
  } finally {
    await engine.close();
  }
}

/** From now on the file is one that was refused at the door, for all others are not to wait for it. */
async function refuse(ports: StepPorts, run: RunIdentity, record: FileRecord): Promise<void> {
  const errors = [`cannot be read as ${record.feed}`];
  const refused = { ...record, isValid: false, errors, runId: run.runId };
  await keepReasons(ports, refused);
  await keepFileRecord(ports, refused);
}

/** `outputs` tell of all files that the tables are made of, `counts` of those that this run has taken. */
function resultOf(
  plan: Plan,
  { set, written, rejected }: Pick<Made, 'set' | 'written' | 'rejected'>,
): StepResult {
  const accounts = accountsOf(set);
  const rowsRead = plan.added.reduce((sum, { metadata }) => sum + metadata.rows, 0);
  return {
    outputs: {
      files: String(plan.added.length),
      scans: String(batchesOf(plan.added).length),
      large: String(plan.added.filter(({ metadata }) => metadata.route === 'large').length),
      'rows-in': String(accounts.rowsIn),
      published: String(accounts.published),
      rejected: String(accounts.rejected),
      changed: String(written > 0),
    },
    counts: {
      objectsRead: plan.added.length,
      objectsWritten: written,
      objectsSkipped: plan.kept.length,
      rowsRead,
      rowsWritten: rowsRead - rejected,
      rowsRejected: rejected,
      bytesRead: plan.added.reduce((sum, { metadata }) => sum + metadata.size_bytes, 0),
    },
    problems: [...plan.problems],
  };
}
