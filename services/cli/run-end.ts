import { printRunSummary, type RunEnd } from './run-summary.ts';
import type { Session } from './session.ts';

type PrintEnd = (session: Session, end: RunEnd) => Promise<void>;

/** Pipelines that tell the end of a good run in their own way; the others tell of their vintages. */
const OWN: Readonly<Record<string, () => Promise<PrintEnd>>> = {
  commerce: async () => (await import('./commerce-summary.ts')).printCommerceSummary,
  finance: async () => (await import('./finance-summary.ts')).printFinanceSummary,
  'market-data': async () => (await import('./market-summary.ts')).printMarketSummary,
  'csv-intake': async () => (await import('./intake-summary.ts')).printIntakeSummary,
};

/** The end of a good run, on stdout. */
export async function printRunEnd(session: Session, pipeline: string, end: RunEnd): Promise<void> {
  const loadOwn = Object.hasOwn(OWN, pipeline) ? OWN[pipeline] : undefined;
  if (loadOwn === undefined) return printRunSummary(session, pipeline, end);
  return (await loadOwn())(session, end);
}
