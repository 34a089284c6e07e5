import type { Problem } from './decode.ts';
import { attempt } from './fault.ts';
import { problemsError, refusalText } from './load.ts';
import type { LoadedDocument, LoadedDocuments } from './load.ts';
import { lineOf, localProblems } from './local-rules.ts';
import { selectWorkflow, withGiven } from './select-workflow.ts';
import { catalogueOf } from './template-source.ts';
import { validateWorkflow } from './validate.ts';
import type { ValidateOptions } from './validate.ts';

/** Whether Argo would take the file, and its words when not. */
export interface Verdict {
  accepted: boolean;
  text?: string;
}

/** What `argo lint --offline` says of the documents: each is checked. */
export function lintWorkflows(loaded: LoadedDocuments): Verdict {
  const text = refusalText(loaded.problems);
  if (text !== null) return { accepted: false, text };
  const catalogue = catalogueOf(loaded);
  for (const { kind, spec, metadata } of loaded.documents) {
    const as = kind === 'Workflow' || kind === 'CronWorkflow' ? 'lint' : 'template';
    const result = attempt(() => validateWorkflow({ spec, metadata, catalogue, as }));
    if ('fault' in result) return { accepted: false, text: result.fault.message };
  }
  return { accepted: true };
}

/** What `argo submit` says of the first Workflow, with these parameters. */
export function submitWorkflow(
  loaded: LoadedDocuments,
  parameters: Readonly<Record<string, string>> = {},
): Verdict {
  const text = refusalText(loaded.problems);
  if (text !== null) return { accepted: false, text };
  const { spec, metadata } = selectWorkflow(loaded);
  const options: ValidateOptions = {
    spec: withGiven(spec, { parameters }),
    metadata,
    catalogue: catalogueOf(loaded),
    as: 'submit',
  };
  const result = attempt(() => validateWorkflow(options));
  return 'fault' in result ? { accepted: false, text: result.fault.message } : { accepted: true };
}

/** For what is no matter of the local run: the cluster would say the same. */
const REFUSED_HINT = 'Argo refuses this too: correct the line, or give the value with -p';

/**
 * Throws `config-invalid` with file and line for everything that Argo refuses at submit and for
 * everything that a local run cannot do. `options` is what is going to be run.
 */
export function refuseInvalid(
  loaded: LoadedDocuments,
  document: LoadedDocument,
  options: ValidateOptions,
): void {
  const problems = [...loaded.problems, ...localProblems(loaded)];
  const result =
    problems.length > 0 ? { value: undefined } : attempt(() => validateWorkflow(options));
  if ('fault' in result) {
    const refused = placed(loaded, document, result.fault.message);
    throw problemsError([refused], REFUSED_HINT);
  }
  if (problems.length > 0) throw problemsError(problems);
}

/** Argo's text with the place in the file of the template, task or argument it names first. */
function placed(loaded: LoadedDocuments, document: LoadedDocument, text: string): Problem {
  const named = [
    ...text.matchAll(/templates\.([-\w]+)(?:\.tasks\.([-\w]+)|\.steps\[(\d+)\])?/g),
  ].at(-1);
  const argument = /^spec\.arguments\.([-\w]+)\./.exec(text)?.[1];
  for (const candidate of [document, ...loaded.documents]) {
    const path = pathOf(candidate, { named: named ?? [], argument });
    if (path === null) continue;
    const line = lineOf(candidate, path);
    return { kind: 'invalid', file: candidate.file, line, path, text };
  }
  const line = lineOf(document, 'spec');
  return { kind: 'invalid', file: document.file, line, path: '', text };
}

function pathOf(
  { kind, spec }: LoadedDocument,
  { named, argument }: { named: readonly string[]; argument: string | undefined },
): string | null {
  const root = kind === 'CronWorkflow' ? 'spec.workflowSpec' : 'spec';
  if (argument !== undefined) {
    const at = spec.arguments?.parameters?.findIndex(({ name }) => name === argument) ?? -1;
    return at < 0 ? null : `${root}.arguments.parameters[${at}]`;
  }
  const [, template, task, group] = named;
  const at = spec.templates?.findIndex(({ name }) => name === template) ?? -1;
  if (template === undefined || at < 0) return null;
  const path = `${root}.templates[${at}]`;
  if (group !== undefined) return `${path}.steps[${group}]`;
  const taskAt = spec.templates?.[at]?.dag?.tasks?.findIndex(({ name }) => name === task) ?? -1;
  return taskAt < 0 ? path : `${path}.dag.tasks[${taskAt}]`;
}
