/** A moment as sources write it: a day, with or without a time of day, a fraction, a zone. */
const MOMENT =
  /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** Keeps the newest moment of a column, as it was written; without a zone it is taken for UTC. */
export interface Newest {
  see(value: string | null): void;
  value(): string | null;
}

/**
 * The newest moment seen before `endMs` (milliseconds since 1970). What is no moment, and what lies in the future, is
 * left out: one wrong date in the year 9999 would make every later increment skip all rows.
 */
export function newestBefore(endMs: number): Newest {
  let newest: string | null = null;
  let newestMs = -Infinity;
  return {
    see: (value) => {
      const momentMs = value === null ? NaN : readMoment(value);
      if (!(momentMs > newestMs) || momentMs >= endMs) return;
      newest = value;
      newestMs = momentMs;
    },
    value: () => newest,
  };
}

/** A moment in milliseconds since 1970; NaN for what is none. */
export function readMoment(text: string): number {
  const [, day, time = '00:00', zone = 'Z'] = MOMENT.exec(text.trim()) ?? [];
  if (day === undefined) return NaN;
  return Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}${isoZone(zone)}`);
}

/** PostgreSQL writes `+02`, ISO 8601 as JavaScript reads it `+02:00`. */
function isoZone(zone: string): string {
  if (/^z$/i.test(zone)) return 'Z';
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return `${zone.slice(0, 1)}${digits.slice(0, 2)}:${digits.slice(2)}`;
}
