const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Names of three letters that are files of the zone database; JavaScript takes more of them. */
const SHORT_ZONES = new Set('UTC UCT GMT CET MET EET WET EST MST HST PRC ROC ROK'.split(' '));

/** What is wrong with a time zone's name, as Go's LoadLocation has it; `null` when it is one. */
export function zoneFault(name: string): string | null {
  if (name === '' || name === 'UTC' || name === 'Local') return null;
  if (name.includes('..') || /^[/\\]/.test(name)) {
    return 'time: invalid location name';
  }
  const unknown = `unknown time zone ${name}`;
  if (!/^[A-Z][\w+-]*(?:\/[A-Z][\w+-]*)*$/.test(name)) return unknown;
  if (/^[A-Z]{3}$/.test(name) && !SHORT_ZONES.has(name)) return unknown;
  try {
    const found = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    // Go looks the name up as a file, so capitals count.
    const isSameWord = found.toLowerCase() === name.toLowerCase();
    return isSameWord && found !== name ? unknown : null;
  } catch (thrown) {
    if (thrown instanceof RangeError) return unknown;
    throw thrown;
  }
}

/** A time as clocks show it. */
export interface LocalTime {
  year: number;
  month: number;
  day: number;
  /** The wall clock's reading, as if it were UTC. */
  wallMs: number;
}

/** What the zone's clocks show at a moment. */
export type ZoneClock = (moment: Date) => LocalTime;

/** The clocks of a zone; null for one that this machine does not know: the controller may. */
export function zoneClock(timezone: string): ZoneClock | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    return null;
  }
  return (moment) => {
    const parts = Object.fromEntries(
      format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts;
    return { year, month, day, wallMs: Date.UTC(year, month - 1, day, hour, minute) };
  };
}

/** The moment at which the zone's clocks show that time; of two the first, null when there is none. */
export function momentOf(wallMs: number, zone: ZoneClock): Date | null {
  for (const offsetMs of offsetsAround(wallMs, zone)) {
    const moment = new Date(wallMs - offsetMs);
    if (zone(moment).wallMs === wallMs) return moment;
  }
  return null;
}

function offsetsAround(wallMs: number, zone: ZoneClock): number[] {
  return [wallMs - DAY_MS, wallMs + DAY_MS].map((atMs) => {
    const moment = new Date(Math.floor(atMs / MINUTE_MS) * MINUTE_MS);
    return zone(moment).wallMs - moment.getTime();
  });
}
