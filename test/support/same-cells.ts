/** A cell as every engine can be made to write it: 1.50 and 1.5 are one, and so are 00:00:00 and 00:00:00.000. */
function plainCell(cell: unknown): unknown {
  if (typeof cell === 'number') return String(cell);
  if (typeof cell !== 'string') return cell;
  if (/^-?\d+\.\d+$/.test(cell)) return cell.replace(/\.?0+$/, '');
  const moment = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?$/.exec(cell);
  if (moment === null) return cell;
  return `${moment[1]} ${moment[2]}${(moment[3] ?? '').replace(/\.?0+$/, '')}`;
}

/** A row whose cells can be compared with those of another engine. */
export function plainRow(row: readonly unknown[]): unknown[] {
  return row.map(plainCell);
}

/** Rows that can be compared with those of another engine, whatever the order of either. */
export function sortedRows(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => JSON.stringify(plainRow(row))).toSorted();
}
