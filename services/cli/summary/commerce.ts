import { humaneCount, humaneDuration } from '../../core/humane.ts';
import type { RunRecord } from '../../stages/observe/run-record.ts';
import { bucketFor } from '../host.ts';
import { widthOf } from '../view/print-result.ts';
import { printProblems, type RunEnd } from './run-summary.ts';
import type { Session } from '../session.ts';
import { formatSummary } from './summary.ts';

const FEEDS = ['transactions', 'products', 'clickstream', 'reviews'] as const;

/** The end of a good run of commerce, on stdout: files, where every row went, the gate, what to ask next. */
export async function printCommerceSummary(
  session: Session,
  { record, durationMs, logPath }: RunEnd,
): Promise<void> {
  const { self } = session;
  const flag = session.flags.sample === true ? ' --sample' : '';
  const gate = outputsOf(record, 'gate');
  const facts: [string, string][] = [['run', record.run_id]];
  if (record.steps.some(({ step }) => step === 'validate'))
    facts.push(['files', filesText(record)]);
  facts.push(['quality', `${gate['passed'] ?? 0} of ${gate['checks'] ?? 0} checks hold`]);
  const { version, tables, rows } = outputsOf(record, 'merge');
  if (version !== undefined)
    facts.push(['curated', `${tables} tables, ${humaneCount(Number(rows))} rows, set ${version}`]);
  facts.push([
    'page',
    `${bucketFor(session, 'commerce').url}/reports/quality/${record.logical_date}/index.html`,
  ]);
  facts.push(['time', humaneDuration(durationMs)]);
  if (logPath !== null) facts.push(['log', logPath]);
  const summary = {
    title: 'commerce succeeded',
    facts,
    ...accountsTable(record),
    next: [
      {
        command: `${self} query${flag} --named top_products --as-of ${record.logical_date}`,
        about: 'what sells; customer_ltv, conversion_funnel, daily_kpis … too',
      },
      {
        command: `${self} query${flag} "SELECT * FROM curated.daily_summary ORDER BY day DESC LIMIT 7"`,
        about: 'ask with SQL',
      },
      { command: `${self} report${flag} commerce`, about: 'the dashboard as a page' },
      { command: `${self} run${flag} commerce`, about: 'again: finds nothing new' },
    ],
  };
  session.io.stdout.write(formatSummary(summary, { widthMax: widthOf(session) }));
  printProblems(session, record);
}

function outputsOf({ steps }: RunRecord, step: string): Readonly<Record<string, string>> {
  return steps.findLast((one) => one.step === step)?.outputs ?? {};
}

function filesText(record: RunRecord): string {
  const { accepted = '0', duplicates = '0', refused = '0' } = outputsOf(record, 'validate');
  if (Number(accepted) + Number(duplicates) + Number(refused) === 0) return 'nothing new';
  return `${accepted} accepted, ${duplicates} known under another name, ${refused} refused`;
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
