import { dirname } from 'node:path';
import pLimit from 'p-limit';
import { PipelineError } from '../../../core/error.ts';
import type { Commit, Part } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { commitSet } from '../set/commit-set.ts';
import { curate, type Curated } from './curate.ts';
import feedMacros from './feed-macros.sql';
import { accountsOf, type FeedSet, fingerprints, readFeedSet } from '../set/feed-set.ts';
import { type Feed, FEEDS } from './feeds.ts';
import { type FileRecord, fileRecords } from '../door/file-record.ts';
import { type FreshPart, keepPart } from '../set/part-file.ts';
import { processFile } from './process-file.ts';
import type { FeedName } from '../door/raw-key.ts';

const PARTS_AT_ONCE = 16;

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
    parameters: [],
    run: (ports) => transform(ports, FEEDS[name]),
  };
}

/** What has to be done for a feed. */
interface Plan {
  set: FeedSet;
  added: readonly FileRecord[];
  /** Processed parts that stay, and those that a newer version of their file replaces. */
  kept: readonly Part[];
  replaced: readonly Part[];
  attributes: Record<string, string>;
  /** The table is made as a whole: there was none, or it was made by other rules. */
  isWhole: boolean;
}

async function transform(ports: StepPorts, feed: Feed): Promise<StepResult> {
  const plan = await planOf(ports, feed);
  if (plan.added.length === 0 && !plan.isWhole) return resultOf(plan.set, plan, 0);
  const engine = await ports.openEngine(await foldersOf(ports, plan));
  try {
    await engine.run(feedMacros);
    const made = await make(ports, feed, { plan, engine });
    return resultOf(made.set, plan, made.written);
  } finally {
    await engine.close();
  }
}

async function planOf(ports: StepPorts, feed: Feed): Promise<Plan> {
  const set = await readFeedSet(ports.store, feed.name);
  const attributes = fingerprints(ports.settings);
  const before = set.commit?.attributes;
  const isSameRules = before?.['rules'] === attributes.rules;
  const isWhole = !isSameRules || before?.['protection'] !== attributes.protection;
  const known = new Map(set.processed.map((part) => [part.attributes['source'], part]));
  const records = (await fileRecords(ports, feed.name)).filter(({ isValid }) => isValid);
  const added = records.filter(
    ({ key, metadata }) =>
      !isSameRules || known.get(key)?.attributes['source_sha256'] !== metadata.sha256,
  );
  const names = new Set(added.map(({ key }) => key));
  const isReplaced = ({ attributes: of }: Part): boolean => names.has(of['source'] ?? '');
  return {
    set,
    added,
    kept: set.processed.filter((part) => !isReplaced(part)),
    replaced: set.processed.filter(isReplaced),
    attributes,
    isWhole: isWhole && (set.commit !== null || added.length > 0),
  };
}

/** The folders that the engine may use: scratch, and where objects of a local store lie. */
async function foldersOf({ store, scratch }: StepPorts, plan: Plan): Promise<string[]> {
  const keys = [...plan.added, ...plan.kept, ...plan.replaced].map(({ key }) => key);
  const folders = new Set([scratch]);
  for (const key of keys) {
    const path = await store.localPath(key);
    if (path !== null) folders.add(dirname(path));
  }
  return [...folders];
}

interface Made {
  set: FeedSet;
  written: number;
}

async function make(
  ports: StepPorts,
  feed: Feed,
  { plan, engine }: { plan: Plan; engine: QueryEngine },
): Promise<Made> {
  let written = 0;
  const keep = async (fresh: FreshPart): Promise<Part> => {
    const { part, isNew } = await keepPart(ports, fresh);
    if (isNew) written += 1;
    return part;
  };
  const added: Part[] = [];
  const rejects: Part[] = [];
  const fresh = new Map<string, string>();
  let rowsRead = 0;
  for (const [number, record] of plan.added.entries()) {
    const file = await processFile({ ports, engine }, feed, { record, number });
    const part = await keep(file.processed);
    added.push(part);
    fresh.set(part.key, file.processed.path);
    if (file.rejects !== null) rejects.push(await keep(file.rejects));
    rowsRead += record.metadata.rows;
    ports.progress({ rowsRead });
  }
  const processed = [...plan.kept, ...added].toSorted(bySource);
  const changed = plan.isWhole ? null : [...added, ...plan.replaced];
  const curated = await curate({ ports, engine }, feed, { processed, changed, fresh });
  const parts = [...processed, ...rejects, ...staying(plan, curated)];
  const limit = pLimit(PARTS_AT_ONCE);
  const made = [...curated.curated, ...curated.repeats];
  parts.push(...(await allSettled(made.map((one) => limit(() => keep(one))))));
  const { store, signal } = ports;
  const { attributes, set } = plan;
  failIfUnbalanced(feed, parts);
  const dataset = feed.name;
  const { commit } = await commitSet(store, {
    dataset,
    attributes,
    parts,
    base: set.commit,
    signal,
  });
  return { set: setOf(commit), written };
}

/** In the order of keys, which is that of days. */
function bySource(a: Part, b: Part): number {
  return (a.attributes['source'] ?? '') < (b.attributes['source'] ?? '') ? -1 : 1;
}

/** Curated parts of units that were not touched, and rejects of files that stay and of such units. */
function staying({ set, replaced, added }: Plan, { units }: Curated): Part[] {
  const gone = new Set([
    ...replaced.map(({ attributes }) => attributes['source']),
    ...added.map(({ key }) => key),
  ]);
  const isTouched = (unit: string | undefined): boolean => units === null || units.has(unit ?? '');
  return [
    ...set.curated.filter(({ attributes }) => !isTouched(attributes['unit'])),
    ...set.quarantine.filter(({ attributes }) =>
      attributes['source'] === undefined
        ? !isTouched(attributes['unit'])
        : !gone.has(attributes['source']),
    ),
  ];
}

function setOf(commit: Commit): FeedSet {
  const of = (zone: string): Part[] =>
    commit.parts.filter(({ attributes }) => attributes['zone'] === zone);
  return {
    commit,
    processed: of('processed'),
    curated: of('curated'),
    quarantine: of('quarantine'),
  };
}

/** Nothing is shown of a feed in which a row is lost. */
function failIfUnbalanced({ name }: Feed, parts: Part[]): void {
  const commit = { dataset: '', partition: '', version: 0, attributes: {}, digest: '', parts };
  const { rowsIn, published, rejected } = accountsOf(setOf(commit));
  if (rowsIn === published + rejected) return;
  const seen = `${rowsIn} rows in, ${published} published, ${rejected} rejected`;
  throw new PipelineError('bug', `${name}: ${seen}: some are nowhere`);
}

function resultOf(set: FeedSet, plan: Plan, written: number): StepResult {
  const accounts = accountsOf(set);
  const rowsRead = plan.added.reduce((sum, { metadata }) => sum + metadata.rows, 0);
  return {
    outputs: {
      files: String(plan.added.length),
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
      rowsWritten: plan.added.length === 0 ? 0 : accounts.published,
      rowsRejected: plan.added.length === 0 ? 0 : accounts.rejected,
      bytesRead: plan.added.reduce((sum, { metadata }) => sum + metadata.size_bytes, 0),
    },
    problems: [],
  };
}
