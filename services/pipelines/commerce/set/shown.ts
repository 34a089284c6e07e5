import type { Commit } from '../../../core/manifest.ts';
import { FEED_NAMES, type FeedName } from '../door/raw-key.ts';
import type { FeedSets } from './set-tables.ts';

/** The dataset whose newest commit is what readers of `curated_{env}` see. */
export const CURATED_SET = 'curated';

const NOW = 'feeds';
const BEFORE = 'feeds_before';

/** Versions of the feeds' sets by name; of a feed that was never shown there is none. */
export type ShownVersions = Readonly<Partial<Record<FeedName, number>>>;

/** Which set of each feed readers saw before any run of this logical date: a run that is run again finds the same. */
export function shownBefore(curated: Commit | null, logicalDate: string): ShownVersions {
  return versionsOf(curated?.attributes[beforeName(curated, logicalDate)]);
}

/** Which set of each feed readers see in this set of curated tables. */
export function shownNow(curated: Commit): ShownVersions {
  return versionsOf(curated.attributes[NOW]);
}

/** What a set of curated tables says of the feeds in it: a feed that has failed is shown as it was. */
export function shownAttributes(
  sets: FeedSets,
  of: { failed: readonly FeedName[]; base: Commit | null; logicalDate: string },
): Record<string, string> {
  const { failed, base, logicalDate } = of;
  const old = versionsOf(base?.attributes[NOW]);
  const pairs = FEED_NAMES.flatMap((name) => {
    const version = failed.includes(name) ? old[name] : sets[name].commit?.version;
    return version === undefined ? [] : [`${name}=${version}`];
  });
  const before = base?.attributes[beforeName(base, logicalDate)] ?? '';
  return { [NOW]: pairs.join(' '), [BEFORE]: before };
}

function beforeName({ attributes }: Commit, logicalDate: string): string {
  return (attributes['as_of'] ?? '') < logicalDate ? NOW : BEFORE;
}

function versionsOf(text = ''): ShownVersions {
  const pairs = text.split(' ').map((pair) => pair.split('='));
  const known = new Map(pairs.map(([name = '', version]) => [name, Number(version)]));
  return Object.fromEntries(
    FEED_NAMES.flatMap((name) => {
      const version = known.get(name);
      return version === undefined ? [] : [[name, version]];
    }),
  );
}
