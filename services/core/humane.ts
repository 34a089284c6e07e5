const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A count as people read it: `49,740`. */
export function humaneCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Bytes in decimal units with at most one digit behind the point: `512 B`, `1.2 MB`. */
export function humaneBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** A duration with the two units that matter: `12 ms`, `2.9 s`, `1m 05s`, `2h 03m`. */
export function humaneDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

const AGES = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

/** How old something is, in the one unit that matters: `now`, `5 min`, `3 h`, `12 d`. */
export function humaneAge(ageMs: number): string {
  const seconds = ageMs / 1000;
  const [unit, size] = AGES.find(([, least]) => seconds >= least) ?? ['', 1];
  return unit === '' ? 'now' : `${humaneCount(Math.floor(seconds / size))} ${unit}`;
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0');
}
