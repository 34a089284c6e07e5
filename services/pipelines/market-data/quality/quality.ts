import { PipelineError } from '../../../core/error.ts';
import { type Parameters, wholeParameter } from '../../../core/parameter.ts';
import type { QualityReport } from '../../../core/rule.ts';
import { dayAfter, lastCompletedSession, newYorkDay } from '../../../core/trading-calendar.ts';
import type { RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import type { Warehouse } from '../../../ports/warehouse.ts';
import { checkTable } from '../../../stages/observe/check.ts';
import { failIfBlocked, tellChecks } from '../../../stages/observe/verdict.ts';
import { refuseUnasked } from '../extract/unasked.ts';
import { writePriceLedger } from '../ledger/write-ledger.ts';
import { marketRules, type RuleContext } from './rules.ts';
import { SCHEMA } from '../warehouse/schema.ts';

const HOUR_MS = 3_600_000;
/** Moves of the last weeks are looked at. */
const MOVES_DAYS = 30;

/** The reports of a day's runs: `quality/<day>/<run>.json`. */
export function reportKey({
  logicalDate,
  runId,
}: Pick<RunIdentity, 'logicalDate' | 'runId'>): string {
  return `quality/${logicalDate}/${runId}.json`;
}

/**
 * Audits the fact table (requirements 2.7): a rule that does not hold fails the run, unless it only warns. So does a symbol
 * that could not be asked for, once the others are loaded and checked.
 */
export const quality: Step = {
  name: 'quality',
  summary: 'Check the fact table by its rules and the trading calendar',
  parameters: [
    {
      name: 'freshness',
      description: 'last-session: the newest session that is over; today: the day of the run',
      default: 'last-session',
    },
    {
      name: 'grace-hours',
      description: 'Hours after the close until the prices of a session have to be there',
      default: '1',
    },
    {
      name: 'zero-volume',
      description: 'block or warn: whether a day without trade fails the run',
      default: 'block',
    },
    {
      name: 'quality-mode',
      description: 'block: a rule that does not hold fails the run; warn: it is only told',
      default: 'block',
    },
    {
      name: 'shards',
      description: 'The shards that were to be asked for, as a JSON list',
      default: '[]',
    },
    {
      name: 'strict',
      description: 'true: a symbol that was not landed fails the run',
      default: 'false',
    },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const context = contextOf(ports, parameters, run);
    const mode = wordParameter(parameters, 'quality-mode', ['block', 'warn']);
    const warehouse = await ports.warehouse();
    const report = await checkFact(warehouse, ports, context);
    // What is loaded is told also where it does not hold.
    await writePriceLedger(ports, warehouse, run);
    const key = reportKey(run);
    const bytes = Buffer.from(`${JSON.stringify({ ...context, report }, null, 2)}\n`);
    await ports.store.put(key, bytes, { signal: ports.signal });
    tellChecks(ports, report);
    if (mode === 'block') failIfBlocked(report, `${ports.store.url}/${key}`);
    await refuseUnasked(ports, run, parameters);
    const failed = report.rules.filter(({ isPassed }) => !isPassed);
    return {
      outputs: {
        score: report.scorePercent.toFixed(2),
        failed: String(failed.length),
        report: key,
      },
      counts: {},
      problems: failed.map(({ rule, summary, checks }) => ({
        object: `rule ${rule}`,
        message: `does not hold (${summary}): ${checks.find(({ isPassed }) => !isPassed)?.observed ?? ''}`,
      })),
    };
  },
};

/** In a transaction, for the rules name the table by its bare name and the schema is that transaction's alone. */
async function checkFact(
  warehouse: Warehouse,
  { clock, signal }: StepPorts,
  context: RuleContext,
): Promise<QualityReport> {
  const request = {
    table: 'fct_stock_prices',
    dataset: `${SCHEMA}.fct_stock_prices`,
    rules: marketRules(context),
    evaluatedAt: clock.now().toISOString(),
  };
  return warehouse.transaction(
    async (tx) => {
      const words = warehouse.dialect === 'postgres' ? 'SET LOCAL' : 'SET';
      await tx.run(`${words} search_path TO ${SCHEMA}`);
      return checkTable(tx, request);
    },
    { signal },
  );
}

/** As of the end of the run's day, or of now while that day lasts: a run of the past is not asked for today's session. */
function contextOf({ clock }: StepPorts, parameters: Parameters, run: RunIdentity): RuleContext {
  const { logicalDate } = run;
  const dayEnd = Date.parse(`${dayAfter(logicalDate, 1)}T00:00:00Z`);
  const moment = new Date(Math.min(clock.now().getTime(), dayEnd));
  const graceMs = wholeParameter(parameters, 'grace-hours', 0) * HOUR_MS;
  const freshness = wordParameter(parameters, 'freshness', ['last-session', 'today']);
  const last = lastCompletedSession(moment, graceMs).day;
  return {
    expected: freshness === 'today' ? logicalDate : last,
    // A run of the past finds the days that were loaded since.
    today: [logicalDate, newYorkDay(clock.now())].toSorted()[1] ?? logicalDate,
    movesFrom: dayAfter(logicalDate, -MOVES_DAYS),
    zeroVolume: wordParameter(parameters, 'zero-volume', ['block', 'warn']),
  };
}

function wordParameter<T extends string>(
  parameters: Parameters,
  name: string,
  words: readonly T[],
): T {
  const text = parameters[name] ?? '';
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  throw new PipelineError('config-invalid', `parameter ${name}="${text}" cannot be`, {
    hint: `give ${words.join(' or ')}`,
  });
}
