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
}

/** Sends a notice; `unavailable` when it could not be handed over. Sending twice may show it twice. */
export interface Notifier {
  send(notice: Notice): Promise<void>;
}
