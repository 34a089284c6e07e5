/** One message to people. Topics are those of decisions: what happened to a run, to its quality, to its cost. */
export interface Notice {
  topic: 'pipeline' | 'quality' | 'cost';
  severity: 'info' | 'warning' | 'error';
  pipeline: string;
  runId: string;
  /** One line. */
  title: string;
  /** Further lines; may be empty. */
  lines: string[];
  /**
   * What the notice is about, the same each time it is told of the same outcome: a channel that has taken it is not told
   * again. Absent: it is told each time.
   */
  occasion?: string;
}

/** Sends a notice; `unavailable` when it could not be handed over. Sending twice may show it twice. */
export interface Notifier {
  send(notice: Notice): Promise<void>;
}
