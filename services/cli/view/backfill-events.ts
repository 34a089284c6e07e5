import { humaneCount, humaneDuration } from '../../core/humane.ts';
import { printable } from '../../core/printable.ts';
import type { BackfillEvent, Performed } from '../../stages/observe/backfill/perform.ts';
import type { BackfillPlan } from '../../stages/observe/backfill/plan.ts';
import type { Session } from '../session.ts';

/** Tells on stderr how each run of a plan begins and ends, a line each. */
export function backfillEvents(
  session: Session,
  plan: BackfillPlan,
): (event: BackfillEvent) => void {
  const { stderr } = session.io;
  const total = humaneCount(plan.units.length);
  const places = new Map(plan.units.map(({ work }, at) => [work, at + 1]));
  return (event) => {
    const { work } = event.unit;
    const place = `[${humaneCount(places.get(work) ?? 0)} of ${total}] ${printable(work)}`;
    if (event.type === 'started') {
      stderr.write(`${place}  started as ${event.runId}\n`);
      return;
    }
    const { record } = event;
    const rows =
      record.rows === null
        ? ''
        : `  ${humaneCount(record.rows)} ${record.rows === 1 ? 'row' : 'rows'}`;
    if (event.type === 'found-done') {
      stderr.write(`${place}  was done already by ${record.runId}${rows}\n`);
    } else if (record.error === null) {
      stderr.write(`${place}  done${rows}  ${humaneDuration(event.durationMs)}\n`);
    } else {
      const { message, hint } = record.error;
      stderr.write(`${place}  failed: ${printable(message)}\n`);
      // Where the log is, the end tells.
      const isOfUse = hint !== undefined && !hint.startsWith('the log is ');
      if (isOfUse) stderr.write(`  hint: ${printable(hint)}\n`);
    }
  };
}

/** How a plan stands at the end, for people. */
export function endText(
  plan: BackfillPlan,
  { counts, failure }: Performed,
  logPath: string | null,
): string {
  const { done, failed, running, open } = counts;
  const others = [
    [failed, 'failed'],
    [open + running, 'left'],
  ] as const;
  const rest = others
    .filter(([count]) => count > 0)
    .map(([count, word]) => `, ${humaneCount(count)} ${word}`);
  const log = logPath === null || failure === null ? '' : `the log is in ${logPath}\n`;
  const head = `backfill ${plan.id} of ${plan.pipeline}: ${humaneCount(done)} of ${humaneCount(plan.units.length)} runs done`;
  return `${head}${rest.join('')}\n${log}`;
}
