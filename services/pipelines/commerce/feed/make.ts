import { dirname } from 'node:path';
import pLimit from 'p-limit';
import { PipelineError } from '../../../core/error.ts';
import type { Commit, Part } from '../../../core/manifest.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import type { FileRecord } from '../door/file-record.ts';
import { commitSet } from '../set/commit-set.ts';
import { accountsOf, type FeedSet } from '../set/feed-set.ts';
import { type FreshPart, keepPart } from '../set/part-file.ts';
import { curate, type Curated } from './curate.ts';
import type { Feed } from './feeds.ts';
import { bySource, type Plan } from './plan.ts';
import { batchesOf, type Numbered, processBatch } from './process-batch.ts';
import type { FeedPorts, Shop } from './shop.ts';

const PARTS_AT_ONCE = 16;
/** Each takes a core, and some tens of MiB. */
const BATCHES_AT_ONCE = 4;

/** The folders that the engine may use: scratch, and where objects of a local store lie. */
export async function foldersOf({ store, scratch }: FeedPorts, plan: Plan): Promise<string[]> {
  const keys = [...plan.added, ...plan.kept, ...plan.replaced].map(({ key }) => key);
  const folders = new Set([scratch]);
  for (const key of keys) {
    const path = await store.localPath(key);
    if (path !== null) folders.add(dirname(path));
  }
  return [...folders];
}

/** What came of a plan. */
export interface Made {
  set: FeedSet;
  /** Objects that were not there before. */
  written: number;
  /** Rows of the files of this run that are in no table. */
  rejected: number;
  /** Files that the door has let in and the engine cannot read. */
  unreadable: readonly FileRecord[];
}

/**
 * Reads the files of a plan, makes the units again that they or parts that come and go touch, and makes all of it the
 * newest set of the feed. `bug` when a row is lost on the way: nothing is shown then.
 */
export async function make(
  { ports, engine }: Shop,
  feed: Feed,
  { plan, rewritten = [] }: { plan: Plan; rewritten?: readonly FreshPart[] },
): Promise<Made> {
  let written = 0;
  const keep = async (fresh: FreshPart): Promise<Part> => {
    const { part, isNew } = await keepPart(ports, fresh);
    if (isNew) written += 1;
    return part;
  };
  const added: Part[] = [];
  const rejects: Part[] = [];
  const unreadable: FileRecord[] = [];
  const fresh = new Map<string, string>();
  let rowsRead = 0;
  const limit = pLimit(PARTS_AT_ONCE);
  const clean = async (batch: readonly Numbered[]): Promise<void> => {
    const { files, unreadable: bad } = await processBatch({ ports, engine }, feed, batch);
    unreadable.push(...bad);
    await allSettled(
      files.map((file) =>
        limit(async () => {
          const part = await keep(file.processed);
          added.push(part);
          fresh.set(part.key, file.processed.path);
          if (file.rejects !== null) rejects.push(await keep(file.rejects));
        }),
      ),
    );
    rowsRead += batch.reduce((sum, { record }) => sum + record.metadata.rows, 0);
    ports.progress({ rowsRead });
  };
  for (const one of rewritten) {
    const part = await keep(one);
    added.push(part);
    fresh.set(part.key, one.path);
  }
  const batchLimit = pLimit(BATCHES_AT_ONCE);
  await allSettled(batchesOf(plan.added).map((batch) => batchLimit(() => clean(batch))));
  const { kept, replaced } = withRefused(plan, unreadable);
  const processed = [...kept, ...added].toSorted(bySource);
  // When no file stays as it was, nothing of the set before is read: it may be what was lost.
  const isWhole = plan.isWhole || kept.length === 0;
  const changed = isWhole ? null : [...added, ...replaced];
  const curated = await curate({ ports, engine }, feed, { processed, changed, fresh });
  const parts = [...processed, ...rejects, ...staying({ ...plan, replaced }, curated, rewritten)];
  const made = [...curated.curated, ...curated.repeats];
  parts.push(...(await allSettled(made.map((one) => limit(() => keep(one))))));
  const { store, signal } = ports;
  const { attributes, set } = plan;
  failIfUnbalanced(feed, parts);
  // Of a feed without a readable file there is no table, not one without rows.
  if (parts.length === 0 && set.commit === null) return { set, written, rejected: 0, unreadable };
  const rejected =
    rejects.reduce((sum, { rows }) => sum + rows, 0) +
    plan.added.reduce((sum, { key }) => sum + (curated.repeatsOf.get(key) ?? 0), 0);
  const dataset = feed.name;
  const { commit } = await commitSet(store, {
    dataset,
    attributes,
    parts,
    base: set.commit,
    signal,
  });
  return { set: setOf(commit), written, rejected, unreadable };
}

/** The plan without files that cannot be read: what was made of an earlier version of them stays. */
export function withRefused(plan: Plan, unreadable: readonly FileRecord[]): Plan {
  if (unreadable.length === 0) return plan;
  const bad = new Set(unreadable.map(({ key }) => key));
  const isGood = ({ attributes }: Part): boolean => !bad.has(attributes['source'] ?? '');
  return {
    ...plan,
    added: plan.added.filter(({ key }) => !bad.has(key)),
    kept: [...plan.kept, ...plan.replaced.filter((part) => !isGood(part))],
    replaced: plan.replaced.filter(isGood),
    problems: [
      ...plan.problems,
      ...unreadable.map(({ key, feed }) => ({ object: key, message: `cannot be read as ${feed}` })),
    ],
  };
}

/** Curated parts of units that were not touched, and rejects of files that stay and of such units. */
function staying(
  { set, replaced }: Plan,
  { units }: Curated,
  rewritten: readonly FreshPart[],
): Part[] {
  const gone = new Set(replaced.map(({ attributes }) => attributes['source']));
  for (const { attributes } of rewritten) gone.delete(attributes['source']);
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
