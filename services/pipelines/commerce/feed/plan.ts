import type { Part } from '../../../core/manifest.ts';
import type { Problem, StepPorts } from '../../../ports/step.ts';
import { type DatesTaken, isTaken } from '../door/dates-taken.ts';
import { type FileRecord, fileRecords, isCopy } from '../door/file-record.ts';
import { parseRawKey } from '../door/raw-key.ts';
import { type FeedSet, fingerprints, readFeedSet } from '../set/feed-set.ts';
import { hashesPersons } from '../../../stages/shape/protect.ts';
import type { Feed } from './feeds.ts';

/** What has to be done for a feed. */
export interface Plan {
  set: FeedSet;
  added: readonly FileRecord[];
  /** Processed parts that stay, and those of which the file has other content now. */
  kept: readonly Part[];
  replaced: readonly Part[];
  attributes: Record<string, string>;
  /** The table is made as a whole: there was none, or it was made by other rules. */
  isWhole: boolean;
  problems: readonly Problem[];
}

/** What a problem names of many files. */
const NAMED_MAX = 10;

/**
 * Which files have to be read, by the ledger and the records of the door. The part of a file goes when the file has
 * other content, a copy of another file's too. It stays when the file is gone, or is refused: the last good rows of it
 * are better than none.
 */
export async function planOf(ports: StepPorts, feed: Feed, dates: DatesTaken): Promise<Plan> {
  const set = await readFeedSet(ports.store, feed.name);
  const attributes = fingerprints(ports.settings);
  const before = set.commit?.attributes;
  const isSameRules = before?.['rules'] === attributes.rules;
  const isWhole = !isSameRules || before?.['protection'] !== attributes.protection;
  const known = new Map(set.processed.map((part) => [part.attributes['source'], part]));
  const records = await fileRecords(ports, feed.name);
  const valid = records.filter(({ isValid }) => isValid);
  const added = valid.filter(
    ({ key, date, isGone, metadata }) =>
      isGone !== true &&
      // By other rules everything is made again, whatever days are asked for.
      (!isSameRules ||
        (isTaken(dates, date) &&
          (dates.isForced || known.get(key)?.attributes['source_sha256'] !== metadata.sha256))),
  );
  const copied = records.filter(
    (one) => isCopy(one) && known.has(one.key) && isTaken(dates, one.date),
  );
  const lost = isSameRules
    ? []
    : valid.filter(({ key, isGone }) => isGone === true && known.has(key));
  return {
    set,
    added,
    ...partsBeside(set, [...added, ...copied]),
    attributes,
    isWhole: isWhole && (set.commit !== null || added.length > 0),
    problems: [
      ...(added.length > 0 ? saltProblem(ports, feed) : []),
      ...lost.slice(0, NAMED_MAX).map(({ key }) => ({
        object: key,
        message: `is gone, and cannot be read by the new rules: its rows stay (${lost.length} objects in all)`,
      })),
    ],
  };
}

/** Where persons are published as they are, visits that are made of an address are hashed all the same. */
function saltProblem({ settings }: StepPorts, { name, columns }: Feed): Problem[] {
  const isSalted = settings.personSalt !== undefined || hashesPersons(settings.environment);
  if (isSalted || columns.every(({ tag }) => tag !== 'visit-id')) return [];
  const message = 'ARGOSY_PII_SALT is not set: whose visits they are can be found by trying';
  return [{ object: name, message }];
}

/** The processed parts of a set that stay beside files that are read again, and those that do not. */
export function partsBeside(
  { processed }: FeedSet,
  files: readonly FileRecord[],
): { kept: readonly Part[]; replaced: readonly Part[] } {
  const names = new Set(files.map(({ key }) => key));
  const isReplaced = ({ attributes }: Part): boolean => names.has(attributes['source'] ?? '');
  return {
    kept: processed.filter((part) => !isReplaced(part)),
    replaced: processed.filter(isReplaced),
  };
}

/** The order of files: by the day of their folders, and those of a day by their keys. */
export function bySource(a: Part, b: Part): number {
  const [one, other] = [orderOf(a), orderOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function orderOf({ attributes }: Part): string {
  const source = attributes['source'] ?? '';
  return `${parseRawKey(source)?.date ?? ''} ${source}`;
}
