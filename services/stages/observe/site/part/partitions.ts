import { humaneBytes, humaneCount } from '../../../../core/humane.ts';
import { dayOf, type PartitionFacts } from '../../catalogue/facts.ts';
import { html, type Markup } from '../../page/html.ts';
import { table } from '../../page/table.ts';
import { barPlot } from '../../plot/bars.ts';

/** Partitions that are listed, and days that are drawn; the newest ones. */
const LISTED_MAX = 100;
const DRAWN_MAX = 60;

/** The partitions of a dataset: rows by day as a drawing, and the newest ones in a table. */
export function partitionPart(partitions: readonly PartitionFacts[]): (Markup | null)[] {
  const shown = partitions.slice(-LISTED_MAX).toReversed();
  const left = partitions.length - shown.length;
  const listed = table({
    caption: 'Partitions, the newest first',
    columns: [
      { name: 'partition', kind: 'values' },
      { name: 'rows', kind: 'number' },
      { name: 'bytes', kind: 'number' },
      { name: 'objects', kind: 'number' },
    ],
    rows: shown.map((one) => [
      one.partition,
      humaneCount(one.rows),
      one.sizeBytes === null ? '–' : humaneBytes(one.sizeBytes),
      humaneCount(one.objects),
    ]),
  });
  const more =
    left > 0
      ? html`<p class="empty">
          And ${humaneCount(left)} older ones: <code>argosy tables --json</code> lists all.
        </p>`
      : null;
  return [drawing(partitions), listed, more];
}

function drawing(partitions: readonly PartitionFacts[]): Markup | null {
  const rows = new Map<string, number>();
  for (const { partition, rows: count } of partitions.toReversed()) {
    const day = dayOf(partition);
    if (day !== null) rows.set(day, (rows.get(day) ?? 0) + count);
    // One more than is drawn, so that all of the last one drawn are counted.
    if (rows.size > DRAWN_MAX) break;
  }
  const days = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(-DRAWN_MAX);
  if (days.length < 2) return null;
  return barPlot({
    id: 'days',
    title: days[0]?.[0].length === 7 ? 'Rows by month' : 'Rows by day',
    description: `The newest ${days.length} that have any.`,
    unit: 'rows',
    by: 'day',
    bars: days.map(([label, value]) => ({ label, value })),
  });
}
