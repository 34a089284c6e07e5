export interface CommerceSampleOptions {
  seed: number;
  transactions: number;
  products: number;
  events: number;
  reviews: number;
  customers: number;
  /** The last day on which anything happens, `YYYY-MM-DD`; days reach back from it. */
  lastDay: string;
  days: number;
  /** False for feeds without any flaw. */
  hasDefects?: boolean;
}

export const DAY_MS = 86_400_000;

export type Random = () => number;

export function endOf({ lastDay }: CommerceSampleOptions): number {
  return Date.parse(`${lastDay}T00:00:00Z`) + DAY_MS;
}

/** Some second of the sample's days. */
export function momentIn(options: CommerceSampleOptions, random: Random): number {
  return endOf(options) - 1000 * (1 + Math.floor(random() * options.days * 86_400));
}

export function push(days: Map<number, string[]>, moment: number, row: string): void {
  const day = Math.floor(moment / DAY_MS) * DAY_MS;
  const rows = days.get(day);
  if (rows === undefined) days.set(day, [row]);
  else rows.push(row);
}

export function pushAt(
  days: Map<number, [number, string][]>,
  dayOf: number,
  moment: number,
  row: string,
): void {
  const day = Math.floor(dayOf / DAY_MS) * DAY_MS;
  const rows = days.get(day);
  if (rows === undefined) days.set(day, [[moment, row]]);
  else rows.push([moment, row]);
}

export function between(random: Random, low: number, high: number): number {
  return Math.round((low + random() * (high - low)) * 100) / 100;
}

export function customer(random: Random, { customers }: CommerceSampleOptions): string {
  return `cust_${padded(1 + Math.floor(random() * customers), 6)}`;
}

export function product(random: Random, { products }: CommerceSampleOptions): string {
  return `prod_${padded(1 + Math.floor(random() * products), 6)}`;
}

export function padded(number: number, length: number): string {
  return String(number).padStart(length, '0');
}

export function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function secondText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
