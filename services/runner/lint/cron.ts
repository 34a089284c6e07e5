import { parseSchedule } from '../../core/cron.ts';
import { quote } from '../../core/go-quote.ts';
import { nextRun, zonedSchedule } from '../../core/next-run.ts';
import { zoneFault } from '../../core/time-zone.ts';
import { CRON_ENV, CRON_STOP_ENV, judgeExpression, neededNames, tagsOf } from './expression.ts';
import { below } from './report.ts';
import type { Report, Spot } from './report.ts';
import type { LintRule } from './rule.ts';
import { lintWhen } from './when.ts';
import type { LintScene } from './walk.ts';
import type { LoadedDocument } from '../load.ts';
import type { CronSpec } from '../workflow.ts';

const NAME_MAX = 52;
/** What Argo has at the time of a schedule (source: workflow/cron/operator.go, expressionEnv). */
const CRON_NAMES =
  /^cronworkflow(?:\.(?:name|namespace|labels(?:\..+)?|annotations(?:\..+)?|failed|succeeded|lastScheduledTime))?$/;
/** Only these are texts; a plain tag for any other is an error. */
const CRON_TEXTS = new Set(['cronworkflow.name', 'cronworkflow.namespace']);

/** One mistake in a CronWorkflow, in Argo's words. */
export interface CronFault {
  rule: LintRule;
  /** Below the document's root. */
  path: string;
  text: string;
}

/** What Argo refuses of a CronWorkflow's own fields, in its order. */
export function cronFaults({ metadata, cron = {} }: LoadedDocument): CronFault[] {
  const faults: CronFault[] = [];
  const { name = '' } = metadata;
  const {
    schedules = [],
    timezone = '',
    concurrencyPolicy = '',
    startingDeadlineSeconds = 0,
  } = cron;
  const add = (rule: LintRule, path: string, text: string): number =>
    faults.push({ rule, path, text });
  if (name.length > NAME_MAX) {
    const size = `must not be more than ${NAME_MAX} characters long (currently ${name.length})`;
    add('cron-name', 'metadata.name', `cron workflow name ${quote(name)} ${size}`);
  }
  if (schedules.length === 0) {
    add('cron-schedule', 'spec.schedules', 'cron workflow must have at least one schedule');
  }
  for (const [index, schedule] of schedules.entries()) {
    const parsed = parseSchedule(schedule);
    if (!('fault' in parsed)) continue;
    add(
      'cron-schedule',
      `spec.schedules[${index}]`,
      `cron schedule ${schedule} is malformed: ${parsed.fault}`,
    );
  }
  const zone = zoneFault(timezone);
  if (zone !== null)
    add('cron-time-zone', 'spec.timezone', `invalid timezone ${quote(timezone)}: ${zone}`);
  if (!['', 'Allow', 'Forbid', 'Replace'].includes(concurrencyPolicy)) {
    add(
      'cron-policy',
      'spec.concurrencyPolicy',
      `'${concurrencyPolicy}' is not a valid concurrencyPolicy`,
    );
  }
  if (startingDeadlineSeconds < 0) {
    add('cron-policy', 'spec.startingDeadlineSeconds', 'startingDeadlineSeconds must be positive');
  }
  return faults;
}

/** The fields of every CronWorkflow: those that Argo refuses, and the expressions that fail when the time comes. */
export function lintCrons({ set }: LintScene, report: Report): void {
  for (const document of set.documents.filter(({ kind }) => kind === 'CronWorkflow')) {
    for (const { rule, path, text } of cronFaults(document)) report({ document, path }, rule, text);
    const spot = { document, path: 'spec' };
    lintSchedules(spot, document.cron ?? {}, report);
    lintCronWhen(below(spot, '.when'), document.cron ?? {}, report);
    lintStop(below(spot, '.stopStrategy.expression'), document.cron ?? {}, report);
  }
}

/** A leap year's first day: each schedule that comes at all comes within the years behind it. */
const SOME_DAY = new Date(Date.UTC(2000, 0, 1));

/** Schedules that Argo's check takes, and its controller never starts. */
function lintSchedules(spot: Spot, { schedules = [], timezone = '' }: CronSpec, report: Report) {
  if (zoneFault(timezone) !== null) return;
  for (const [index, schedule] of schedules.entries()) {
    if ('fault' in parseSchedule(schedule)) continue;
    const at = below(spot, `.schedules[${index}]`);
    const zoned = parseSchedule(zonedSchedule(schedule, timezone));
    if ('fault' in zoned) {
      const message = `cron schedule ${schedule} fails behind the timezone ${timezone}: ${zoned.fault}`;
      report(at, 'cron-schedule', message, 'give the zone once: in spec.timezone');
    } else if (nextRun(schedule, SOME_DAY) === null) {
      report(
        at,
        'cron-schedule',
        `cron schedule ${schedule} never comes`,
        'name a day that exists',
      );
    }
  }
}

function lintCronWhen(spot: Spot, { when = '' }: CronSpec, report: Report): void {
  if (when === '') return;
  let isSound = true;
  const refuse = (message: string): void => {
    isSound = false;
    report(spot, 'cron-when', message);
  };
  for (const { name, expression } of tagsOf(when)) {
    if (expression !== undefined) {
      for (const { message } of judgeExpression(expression, CRON_ENV).faults) refuse(message);
      for (const needed of neededNames(expression)) {
        if (needed.startsWith('cronworkflow.') && !CRON_NAMES.test(needed))
          refuse(`there is no ${needed}`);
      }
    } else if (!CRON_NAMES.test(name ?? ''))
      refuse(`{{${name ?? ''}}} is nothing that a schedule knows`);
    else if (!CRON_TEXTS.has(name ?? ''))
      refuse(`{{${name ?? ''}}} is no text, so a plain tag fails`);
  }
  if (!isSound) return;
  const asCron: Report = (at, _rule, message) => report(at, 'cron-when', message);
  lintWhen(spot, when, { parameters: [], report: asCron, env: CRON_ENV });
}

function lintStop(spot: Spot, { stopStrategy }: CronSpec, report: Report): void {
  if (stopStrategy === undefined) return;
  const { expression = '' } = stopStrategy;
  if (expression.includes('{{')) {
    report(
      spot,
      'cron-stop',
      `the expression ${expression} holds a tag, which nobody fills in here`,
    );
    return;
  }
  const { faults, kind } = judgeExpression(expression, CRON_STOP_ENV);
  for (const { message } of faults) report(spot, 'cron-stop', message);
  for (const name of neededNames(expression)) {
    if (name.startsWith('cronworkflow.') && !CRON_NAMES.test(name)) {
      report(spot, 'cron-stop', `there is no ${name}`);
    }
  }
  if (faults.length === 0 && kind !== 'bool' && kind !== 'unknown') {
    report(spot, 'cron-stop', `the expression ${expression} gives a ${kind}, not true or false`);
  }
}
