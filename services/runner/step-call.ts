/** One attempt of a step that is to be run. */
export interface StepCall {
  /** The arguments after the program's name. */
  args: readonly string[];
  /** The environment of the template; `ARGOSY_OUT` names the folder below. */
  env: Readonly<Record<string, string>>;
  /** An empty folder of its own, in which the step leaves its output parameters as files. */
  outFolder: string;
  nodeName: string;
  /** Aborted at a deadline or when the run is stopped: the step ends at once, with 143. */
  signal: AbortSignal;
}

/** How a step ended. */
export interface StepEnd {
  exitCode: number;
  /** What it printed; feeds `outputs.result`. */
  stdout: string;
  /** One line for people, when it failed. */
  error?: string;
}

/** Runs one attempt of a step. What it throws counts as exit code 1. */
export type RunStep = (call: StepCall) => Promise<StepEnd>;
