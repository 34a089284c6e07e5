/**
 * The SELECT of each view that a SQL file makes, by name: a file of views is where they are written, and definitions
 * take them from there. Comments stand on lines of their own, and no text of the file has a semicolon.
 */
export function viewsIn(sql: string): ReadonlyMap<string, string> {
  const bare = sql
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('--'))
    .join('\n');
  const views = new Map<string, string>();
  for (const statement of bare.split(';')) {
    const match = /^\s*CREATE (?:OR REPLACE )?VIEW (\w+) AS\s+([\s\S]*\S)\s*$/i.exec(statement);
    if (match?.[1] !== undefined && match[2] !== undefined) views.set(match[1], match[2]);
  }
  return views;
}
