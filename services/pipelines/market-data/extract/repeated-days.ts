/** A day that stands more than once in a reply: what JSON passes over, as it was written. */
export interface RepeatedDay {
  day: string;
  text: string;
}

const ENTRY = /"(\d{4}-\d{2}-\d{2}[^"\\]{0,9})"\s*:\s*(\{[^{}]{0,1000}\})/g;

/** The values of a text of JSON that a later one of the same day replaces, in their order. */
export function repeatedDays(text: string): RepeatedDay[] {
  const newest = new Map<string, string>();
  const repeated: RepeatedDay[] = [];
  for (const [, day = '', value = ''] of text.matchAll(ENTRY)) {
    const before = newest.get(day);
    if (before !== undefined) repeated.push({ day, text: before });
    newest.set(day, value);
  }
  return repeated;
}
