import { humaneCount, humaneDuration } from '../../core/humane.ts';
import { type Accounts, metricsOf } from '../../pipelines/finance/accounts.ts';
import type { TransformReport } from '../../pipelines/finance/clean/transform-report.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { RunRecord } from '../../stages/observe/run-record.ts';
import { lateCustomersKey } from '../sample/finance.ts';
import { bucketFor } from '../host.ts';
import { widthOf } from '../view/print-result.ts';
import { printProblems, type RunEnd } from './run-summary.ts';
import type { Session } from '../session.ts';
import { formatSummary, type Summary } from './summary.ts';

const PIPELINE = 'finance';

/** The end of a good run of finance, on stdout: the figures of requirements 4.10, where every row went, what to ask next. */
export async function printFinanceSummary(session: Session, end: RunEnd): Promise<void> {
  const { accounts } = end.record;
  const summary =
    accounts === undefined
      ? uploadSummary(session, end)
      : await batchSummary(session, end, accounts as Accounts);
  session.io.stdout.write(formatSummary(summary, { widthMax: widthOf(session) }));
  printProblems(session, end.record);
}

async function batchSummary(
  session: Session,
  { record, logPath }: RunEnd,
  accounts: Accounts,
): Promise<Summary> {
  const { extracted, rejected, loaded, held } = accounts;
  const count = humaneCount;
  const bucket = bucketFor(session, PIPELINE);
  const report = await readReport(bucket, record);
  const facts: [string, string][] = [
    ['run', record.run_id],
    ...metricsOf(record),
    [
      'accounts',
      `${count(extracted)} = ${count(rejected)} rejected + ${count(loaded)} loaded + ${count(held)} held`,
    ],
    ['this run', newsText(accounts)],
    ['quality', qualityText(record, report)],
  ];
  if (report !== null) facts.push(['report', `${bucket.url}/${reportKeyOf(record)}`]);
  if (logPath !== null) facts.push(['log', logPath]);
  return {
    title: `${PIPELINE} succeeded`,
    facts,
    ...rejectTable(report),
    next: nextCommands(session, record, accounts),
  };
}

/** What transform has found out in this run; null when it had no reason to run. */
async function readReport(bucket: ObjectStore, record: RunRecord): Promise<TransformReport | null> {
  const key = reportKeyOf(record);
  if (key === null) return null;
  const bytes = await bucket.get(key);
  return bytes && (JSON.parse(Buffer.from(bytes).toString('utf8')) as TransformReport);
}

function reportKeyOf({ steps }: RunRecord): string | null {
  return steps.findLast(({ step }) => step === 'transform')?.outputs['report'] ?? null;
}

function newsText({ extracted, inserted, updated, unchanged, released }: Accounts): string {
  if (extracted + inserted + updated + released === 0) return 'nothing new';
  if (inserted + updated + released === 0)
    return `nothing new: ${humaneCount(unchanged)} rows as they were`;
  const parts = [
    `${humaneCount(inserted)} inserted`,
    `${humaneCount(updated)} updated`,
    `${humaneCount(unchanged)} unchanged`,
    ...(released === 0 ? [] : [`${humaneCount(released)} released`]),
  ];
  return parts.join(', ');
}

function qualityText({ steps }: RunRecord, report: TransformReport | null): string {
  const loaded = steps.findLast(({ step }) => step === 'quality')?.outputs;
  if (report === null || loaded === undefined) return 'nothing to check';
  const { passedCount, checkCount } = report.rules;
  const clean = `${passedCount} of ${checkCount} checks of the clean rows hold`;
  return `${clean}, ${loaded['passed']} of ${loaded['checks']} of the loaded tables`;
}

/** Why rows were rejected, most first. */
function rejectTable(report: TransformReport | null): Pick<Summary, 'table'> {
  const reasons = Object.entries(report?.counts.rejectsByReason ?? {})
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a);
  if (reasons.length === 0) return {};
  return {
    table: {
      columns: [
        { name: 'rejected because', align: 'left' },
        { name: 'rows', align: 'right' },
      ],
      rows: reasons.map(([reason, count]) => [reason, humaneCount(count)]),
    },
  };
}

function nextCommands(
  session: Session,
  record: RunRecord,
  { held }: Accounts,
): NonNullable<Summary['next']> {
  const isSample = session.flags.sample === true;
  const flag = isSample ? ' --sample' : '';
  const { self } = session;
  const sql = 'SELECT * FROM vw_high_risk_transactions LIMIT 10';
  const commands = [
    { command: `${self} query${flag} --warehouse "${sql}"`, about: 'ask the warehouse with SQL' },
    { command: `${self} report ${PIPELINE}${flag}`, about: 'rules, rejects and figures as a page' },
  ];
  if (!isSample) return commands;
  const late = lateCustomersKey(record.logical_date);
  const release = {
    command: `${self} run ${PIPELINE} --sample -p customers=${late}`,
    about: 'the late customers come: what is held is loaded',
  };
  const again = { command: `${self} run ${PIPELINE} --sample`, about: 'again: finds nothing new' };
  const extracted = record.steps.find(({ step }) => step === 'extract');
  const isWaiting = held > 0 && extracted?.parameters['customers'] !== late;
  return [...commands, ...(isWaiting ? [release] : []), again];
}

/** A run of uploads has no figures of a batch: how many files came, and what became of their rows. */
function uploadSummary(session: Session, { record, durationMs, logPath }: RunEnd): Summary {
  const step = record.steps.findLast((one) => one.step === 'process');
  const count = (name: string): string => humaneCount(Number(step?.outputs[name] ?? 0));
  const files = count('files');
  const facts: [string, string][] = [
    ['run', record.run_id],
    ['processed', files === '0' ? 'nothing new' : files === '1' ? '1 file' : `${files} files`],
    ['rows', `${count('records')} written, ${count('rejected')} rejected`],
    ['output', `${bucketFor(session, 'finance-processed').url}/processed/`],
    ['time', humaneDuration(durationMs)],
  ];
  if (logPath !== null) facts.push(['log', logPath]);
  return { title: `${PIPELINE} succeeded`, facts };
}
