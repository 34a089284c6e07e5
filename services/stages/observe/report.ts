import { PipelineError } from '../../core/error.ts';
import type { QualityReport, RuleVerdict } from '../../core/rule.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { ServePorts } from '../serve/localise.ts';

/** What a pipeline makes its page from: the store and its records; no warehouse, and no clock. */
export interface ReportRequest {
  ports: ServePorts;
  records: RecordStore;
  /** `YYYY-MM-DD`; null for that of the newest run. */
  logicalDate: string | null;
}

/** One self-contained HTML page about a day of a pipeline, and the day that it is about. */
export interface ReportPage {
  logicalDate: string;
  html: string;
}

/** Makes a pipeline's page; `not-found` when there is no run of that day, or none at all. */
export type MakeReport = (request: ReportRequest) => Promise<ReportPage>;

/** The JSON object under a key; null when there is none, `input-invalid` for one that is damaged. */
export async function readJson(
  { store, signal }: Pick<ServePorts, 'signal'> & { store: ObjectStore },
  key: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  const bytes = await store.get(key, { signal });
  if (bytes === null) return null;
  const value = parsed(Buffer.from(bytes).toString('utf8'));
  if (value !== null) return value;
  throw new PipelineError('input-invalid', `${store.url}/${key}: not a JSON object`, {
    hint: 'the object is damaged: run the pipeline again for this logical date',
  });
}

/** A text as a JSON object; null for anything else. */
export function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    // Not JSON: the caller says what that means for him.
    return null;
  }
}

/** The value when it is a quality report as `checkTable` makes them; null for anything else. */
export function asQualityReport(value: unknown): QualityReport | null {
  if (typeof value !== 'object' || value === null) return null;
  const { rules, checkCount, passedCount } = value as Partial<QualityReport>;
  const isWhole =
    Array.isArray(rules) &&
    rules.every((one: Partial<RuleVerdict> | null) => Array.isArray(one?.checks)) &&
    Number.isSafeInteger(checkCount) &&
    Number.isSafeInteger(passedCount);
  return isWhole ? (value as QualityReport) : null;
}
