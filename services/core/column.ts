/** A name as a quoted SQL identifier; the only way a name of a table or column gets into SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a SQL literal, for the places of a statement where no value can be bound. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A table's name, with the schema before a dot where it has one, as quoted SQL: `argosy.load_log`. */
export function quoteTable(name: string): string {
  return name.split('.').map(quoteIdentifier).join('.');
}
