/** What makes quotes necessary: the marks of CSV, and blanks at the ends, which readers may trim. */
const ODD = /[",\r\n]|^\s|\s$/;

/**
 * Rows as CSV lines: UTF-8, commas, line feeds. A null is an unquoted empty field and an empty text a quoted one, as
 * PostgreSQL reads and writes them.
 */
export function csvText(rows: readonly (readonly (string | null)[])[]): string {
  let text = '';
  for (const row of rows) {
    for (const [at, value] of row.entries()) {
      if (at > 0) text += ',';
      text += csvField(value);
    }
    // A line with nothing on it is no row, so the only value of a row is quoted when it is not there either.
    text += row.length === 1 && row[0] === null ? '""\n' : '\n';
  }
  return text;
}

function csvField(value: string | null): string {
  if (value === null) return '';
  if (value === '') return '""';
  return ODD.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
