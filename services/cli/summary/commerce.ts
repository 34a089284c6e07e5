import { humaneCount, humaneDuration } from '../../core/humane.ts';
import type { RuleVerdict } from '../../core/rule.ts';
import { newestDay } from '../../pipelines/commerce/answer/ask.ts';
import { readAnswers } from '../../pipelines/commerce/report/answers.ts';
import { readGate } from '../../pipelines/commerce/report/gate.ts';
import type { RunRecord } from '../../stages/observe/run-record.ts';
import { bucketFor, serving } from '../host.ts';
import type { Session } from '../session.ts';
import { widthOf } from '../view/print-result.ts';
import { answersText } from './commerce-answers.ts';
import { printProblems, type RunEnd } from './run-summary.ts';
import { formatNext, formatSummary } from './summary.ts';

const FEEDS = ['transactions', 'products', 'clickstream', 'reviews'] as const;

/**
 * The end of a good run of commerce, on stdout: files, where every row went, the gate's verdict, of the sample the first
 * rows of each named query too, and what to try next.
 */
export async function printCommerceSummary(
  session: Session,
  { record, durationMs, logPath }: RunEnd,
): Promise<void> {
  const facts: [string, string][] = [['run', record.run_id]];
  const ran = new Set(record.steps.map(({ step }) => step));
  if (ran.has('validate')) facts.push(['files', filesText(record)]);
  if (ran.has('gate')) facts.push(...(await gateFacts(session, record)));
  const { key: page } = outputsOf(record, 'dashboard');
  if (page) facts.push(['page', `${bucketFor(session, 'commerce').url}/${page}`]);
  const { version, tables, rows } = outputsOf(record, 'merge');
  if (version !== undefined)
    facts.push(['curated', `${tables} tables, ${humaneCount(Number(rows))} rows, set ${version}`]);
  facts.push(['time', humaneDuration(durationMs)]);
  if (logPath !== null) facts.push(['log', logPath]);
  const { stdout } = session.io;
  const widthMax = widthOf(session);
  const summary = { title: 'commerce succeeded', facts, ...accountsTable(record) };
  stdout.write(`${formatSummary(summary, { widthMax })}\n`);
  if (session.flags.sample === true && ran.has('merge')) await printAnswers(session, widthMax);
  stdout.write(formatNext(nextCommands(session)));
  printProblems(session, record);
}

function nextCommands({ self, flags }: Session) {
  const flag = flags.sample === true ? ' --sample' : '';
  return [
    { command: `${self} query${flag} --named top_products`, about: 'one of them in full' },
    { command: `${self} query${flag} "FROM curated.daily_summary"`, about: 'or any SQL' },
    { command: `${self} report${flag} commerce`, about: 'the dashboard page' },
    { command: `${self} tables${flag}`, about: 'every table' },
    { command: `${self} run${flag} commerce`, about: 'again: nothing new' },
  ];
}

/** A sample is small and near: its answers cost little. */
async function printAnswers(session: Session, widthMax: number): Promise<void> {
  const ports = serving(session, 'commerce');
  const asOf = await newestDay(ports);
  const answers = await readAnswers(ports, asOf);
  session.io.stdout.write(`${answersText(answers, asOf, widthMax)}\n`);
}

/** The verdict, each rule that does not hold, and where all of them are. */
async function gateFacts(session: Session, record: RunRecord): Promise<[string, string][]> {
  const { passed = '0', checks = '0' } = outputsOf(record, 'gate');
  const ports = serving(session, 'commerce');
  const reports = await readGate(ports, record.logical_date);
  const warned = reports.flatMap(({ rules }) => rules.flatMap(warningsOf));
  const words = `gate passed: ${passed} of ${checks} checks hold`;
  return [
    ['quality', warned.length === 0 ? words : `${words}, the others only warn`],
    ...warned.map((line): [string, string] => ['', line]),
    ['', `${ports.store.url}/reports/quality/${record.logical_date}/index.html`],
  ];
}

function warningsOf({ rule, checks }: RuleVerdict): string[] {
  return checks
    .filter(({ isPassed }) => !isPassed)
    .map(({ observed }) => `warning: ${rule}: ${observed}`);
}

function outputsOf({ steps }: RunRecord, step: string): Readonly<Record<string, string>> {
  return steps.findLast((one) => one.step === step)?.outputs ?? {};
}

function filesText(record: RunRecord): string {
  const { accepted = '0', duplicates = '0', refused = '0' } = outputsOf(record, 'validate');
  if (Number(accepted) + Number(duplicates) + Number(refused) === 0) return 'nothing new';
  const scans = FEEDS.reduce((sum, feed) => sum + Number(outputsOf(record, feed)['scans'] ?? 0), 0);
  const read = scans === 0 ? '' : `, read in ${scans} scans`;
  return `${accepted} accepted, ${duplicates} known already, ${refused} refused${read}`;
}

/** rows in = published + rejected, a line a feed. */
function accountsTable(record: RunRecord) {
  const rows = FEEDS.flatMap((feed) => {
    const outputs = outputsOf(record, feed);
    if (outputs['rows-in'] === undefined) return [];
    const cells = ['rows-in', 'published', 'rejected'].map((name) =>
      humaneCount(Number(outputs[name])),
    );
    return [[feed, ...cells]];
  });
  if (rows.length === 0) return {};
  const right = (name: string) => ({ name, align: 'right' as const });
  return {
    table: {
      columns: [
        { name: 'feed', align: 'left' as const },
        right('rows in'),
        right('published'),
        right('rejected'),
      ],
      rows,
    },
  };
}
