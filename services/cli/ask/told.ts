/** What registering the tables of a pipeline did, or would do. */
export interface Told {
  pipeline: string;
  /** Null where there is nothing that Athena could read. */
  registered: { database: string; statements: number; links: number; changed: boolean } | null;
  isDryRun: boolean;
}

/** For people, a line. */
export function lineOf({ pipeline, registered, isDryRun }: Told): string {
  if (registered === null) return `${pipeline}: nothing is published that Athena could read`;
  const { database, statements, links, changed } = registered;
  if (isDryRun) return `${pipeline}: ${database} would be registered by ${statements} statements`;
  if (!changed && links === 0 && statements === 0) return `${pipeline}: ${database} is registered`;
  return `${pipeline}: ${database} registered (${statements} statements, ${links} lists of objects)`;
}
