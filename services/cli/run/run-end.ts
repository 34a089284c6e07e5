import { printRunSummary, type RunEnd } from '../summary/run-summary.ts';
import type { Session } from '../session.ts';

type PrintEnd = (session: Session, end: RunEnd) => Promise<void>;

/** Pipelines that tell the end of a good run in their own way; the others tell of their vintages. */
const OWN: Readonly<Record<string, () => Promise<PrintEnd>>> = {
  commerce: async () => (await import('../summary/commerce.ts')).printCommerceSummary,
  finance: async () => (await import('../summary/finance.ts')).printFinanceSummary,
  'market-data': async () => (await import('../summary/market.ts')).printMarketSummary,
  'csv-intake': async () => (await import('../summary/intake.ts')).printIntakeSummary,
};

/** The end of a good run, on stdout. */
export async function printRunEnd(session: Session, pipeline: string, end: RunEnd): Promise<void> {
  const loadOwn = Object.hasOwn(OWN, pipeline) ? OWN[pipeline] : undefined;
  if (loadOwn === undefined) return printRunSummary(session, pipeline, end);
  return (await loadOwn())(session, end);
}
