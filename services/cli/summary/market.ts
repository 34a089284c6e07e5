import { humaneCount, humaneDuration } from '../../core/humane.ts';
import type { RunRecord } from '../../stages/observe/run-record.ts';
import { printMarketGrid, readMarketGrid } from '../view/market-grid.ts';
import { widthOf } from '../view/print-result.ts';
import { printProblems, type RunEnd } from './run-summary.ts';
import type { Session } from '../session.ts';
import { formatSummary } from './summary.ts';

/** The end of a good run of market-data, on stdout: what was asked for, what is new, how it stands. */
export async function printMarketSummary(
  session: Session,
  { record, durationMs, logPath }: RunEnd,
): Promise<void> {
  const facts: [string, string][] = [
    ['run', record.run_id],
    ['symbols', symbolsText(record)],
    ['this run', newsText(record)],
    ['rejects', humaneCount(record.records_rejected)],
    ['quality', qualityText(record)],
    ['time', humaneDuration(durationMs)],
  ];
  if (logPath !== null) facts.push(['log', logPath]);
  const flag = session.flags.sample === true ? ' --sample' : '';
  const { self } = session;
  const summary = {
    title: 'market-data succeeded',
    facts,
    next: [
      {
        command: `${self} query${flag} --warehouse "SELECT * FROM market_data.fct_stock_prices ORDER BY price_date DESC LIMIT 5"`,
        about: 'ask with SQL',
      },
      { command: `${self} status${flag} market-data`, about: 'runs, and symbols by sessions' },
      {
        command: `${self} report${flag} market-data`,
        about: 'prices, volume, gaps and checks as a page',
      },
      { command: `${self} run${flag} market-data`, about: 'again: finds nothing new' },
    ],
  };
  session.io.stdout.write(formatSummary(summary, { widthMax: widthOf(session) }));
  printMarketGrid(session, await readMarketGrid(session));
  printProblems(session, record);
}

function sumOf({ steps }: RunRecord, step: string, output: string): number {
  return steps
    .filter((one) => one.step === step)
    .reduce((sum, { outputs }) => sum + Number(outputs[output] ?? 0), 0);
}

function symbolsText(record: RunRecord): string {
  const landed = sumOf(record, 'extract', 'landed');
  const failed = sumOf(record, 'extract', 'failed');
  const pending = sumOf(record, 'extract', 'pending') + sumOf(record, 'plan', 'waiting');
  if (landed + failed + pending === 0) return 'nothing to ask for';
  return `${landed} landed, ${failed} failed, ${pending} pending`;
}

function newsText(record: RunRecord): string {
  const [inserted, revised, unchanged] = ['inserted', 'revised', 'unchanged'].map((name) =>
    sumOf(record, 'transform', name),
  );
  if (inserted === 0 && revised === 0) return 'nothing new';
  return `${humaneCount(inserted ?? 0)} prices inserted, ${humaneCount(revised ?? 0)} revised, ${humaneCount(unchanged ?? 0)} unchanged`;
}

function qualityText({ steps }: RunRecord): string {
  const { score = '', failed = '0' } = steps.find(({ step }) => step === 'quality')?.outputs ?? {};
  return `${score} % of the checks hold${failed === '0' ? '' : `, ${failed} rules warn`}`;
}
