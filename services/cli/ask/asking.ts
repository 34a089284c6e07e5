import type { ObjectStore } from '../../ports/object-store.ts';
import type { QueryAnswer } from '../../ports/query-service.ts';
import type { Question } from '../../stages/serve/history/question.ts';

/** An answer with what is kept of it beside its rows. */
export interface Answer extends QueryAnswer {
  /** The tables and views that the question names. */
  tables: readonly string[];
  /** The day as of which it is given; null for all that there is. */
  asOf: string | null;
}

/** A question that is ready to be asked. */
export interface Asking {
  question: Question;
  /** The bucket in which its answer and its record are kept; null where nothing is to be left behind. */
  store: ObjectStore | null;
  /** True where nothing is published yet, so that its tables are there without rows. */
  isEmpty?: boolean;
  /** `usesAnswers` says that an older answer of the engine's own will do, where it is one of the same tables. */
  ask(usesAnswers: boolean): Promise<Answer>;
  /** The version of its tables at this moment; an answer is kept only where it is still that of the question. */
  version(): Promise<string | null>;
}

/** How much a question may take. */
export interface Limits {
  rowsMax: number;
  scanBytesMax: number | null;
}
