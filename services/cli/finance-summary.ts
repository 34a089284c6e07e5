import { humaneCount, humaneDuration } from '../core/humane.ts';
import { type Accounts, metricsOf } from '../pipelines/finance/accounts.ts';
import type { RunRecord } from '../stages/observe/run-record.ts';
import { lateCustomersKey } from './finance-sample.ts';
import { bucketFor } from './host.ts';
import { widthOf } from './print-result.ts';
import { printProblems, type RunEnd } from './run-summary.ts';
import type { Session } from './session.ts';
import { formatSummary, type Summary } from './summary.ts';

const PIPELINE = 'finance';

/** The end of a good run of finance, on stdout: the figures of requirements 4.10, where every row went, what to ask next. */
export async function printFinanceSummary(session: Session, end: RunEnd): Promise<void> {
  const { record } = end;
  const { accounts } = record;
  const summary: Summary =
    accounts === undefined
      ? uploadSummary(session, end)
      : {
          title: `${PIPELINE} succeeded`,
          facts: batchFacts(end, accounts as Accounts),
          ...(await rejectTable(session, record)),
          next: nextCommands(session, record, accounts as Accounts),
        };
  session.io.stdout.write(formatSummary(summary, { widthMax: widthOf(session) }));
  printProblems(session, record);
}

function batchFacts({ record, logPath }: RunEnd, accounts: Accounts): [string, string][] {
  const { extracted, rejected, loaded, held } = accounts;
  const count = humaneCount;
  const facts: [string, string][] = [
    ['run', record.run_id],
    ...metricsOf(record),
    [
      'accounts',
      `${count(extracted)} = ${count(rejected)} rejected + ${count(loaded)} loaded + ${count(held)} held`,
    ],
    ['this run', newsText(accounts)],
    ['quality', qualityText(record)],
  ];
  if (logPath !== null) facts.push(['log', logPath]);
  return facts;
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

function qualityText({ steps }: RunRecord): string {
  const { passed = '0', checks = '0' } =
    steps.findLast(({ step }) => step === 'quality')?.outputs ?? {};
  if (checks === '0') return 'nothing to check';
  return `${passed} of ${checks} checks of the loaded tables hold`;
}

async function rejectTable(session: Session, record: RunRecord): Promise<Pick<Summary, 'table'>> {
  const reasons = await rejectsByReason(session, record.logical_date);
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

/** As the day's report has them, most first. */
async function rejectsByReason(session: Session, day: string): Promise<[string, number][]> {
  const bytes = await bucketFor(session, PIPELINE).get(`clean/${day}/manifest.json`, {
    signal: session.signal,
  });
  if (bytes === null) return [];
  const { counts } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
    counts?: { rejectsByReason?: Record<string, number> };
  };
  return Object.entries(counts?.rejectsByReason ?? {})
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a);
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
