/** The four feeds, in the order in which keys are looked at (requirements 3.5). */
export const FEED_NAMES = ['transactions', 'products', 'clickstream', 'reviews'] as const;

export type FeedName = (typeof FEED_NAMES)[number];

/** The zone in which files arrive. */
export const RAW = 'raw/';

/** What the key of a raw object says. */
export interface RawKey {
  feed: FeedName;
  /** The day of the folder `date=YYYY-MM-DD`; null where there is none, or more than one. */
  date: string | null;
  /** Lower case, without `.gz`: `csv`, `json`; '' where the name has none. */
  extension: string;
  isGzip: boolean;
}

/** The parts of a key below `raw/`; null when it belongs to none of the four feeds. */
export function parseRawKey(key: string): RawKey | null {
  if (!key.startsWith(RAW) || isPassedOver(key)) return null;
  const [name = '', ...rest] = key.slice(RAW.length).split('/');
  const feed = FEED_NAMES.find((one) => one === name);
  const file = rest.at(-1) ?? '';
  if (feed === undefined || file === '') return null;
  const folders = rest.slice(0, -1).filter((one) => one.startsWith('date='));
  const folder = folders.length === 1 ? (folders[0] ?? '').slice('date='.length) : '';
  const bare = file.toLowerCase().replace(/\.gz$/, '');
  const dot = bare.lastIndexOf('.');
  return {
    feed,
    date: isDay(folder) ? folder : null,
    extension: dot < 0 ? '' : bare.slice(dot + 1),
    isGzip: file.toLowerCase().endsWith('.gz'),
  };
}

/** Marks and half-written files that other programs leave beside data: `_SUCCESS`, `.hidden`, `part.csv.tmp`. */
export function isPassedOver(key: string): boolean {
  return /^[._]|\.(?:tmp|temp|crc|inprogress)$|\._COPYING_$/i.test(key.split('/').at(-1) ?? '');
}

/** True for a day of the calendar as `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === text;
}
