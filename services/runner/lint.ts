import type { Problem } from './decode.ts';
import { attempt } from './fault.ts';
import { cronFaults } from './lint/cron.ts';
import { problemsError, refusalText } from './load.ts';
import type { LoadedDocument, LoadedDocuments } from './load.ts';
import { lineOf, localProblems } from './local-rules.ts';
import { cronMetadata, selectWorkflow, withGiven } from './select-workflow.ts';
import { catalogueOf } from './template-source.ts';
import type { Catalogue } from './template-source.ts';
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
  for (const document of loaded.documents) {
    const refused =
      document.kind === 'CronWorkflow'
        ? lintCron(document, catalogue)
        : lintOne(document, catalogue);
    if (refused !== null) return { accepted: false, text: refused };
  }
  return { accepted: true };
}

function lintOne({ kind, spec, metadata }: LoadedDocument, catalogue: Catalogue): string | null {
  const as = kind === 'Workflow' ? 'lint' : 'template';
  const result = attempt(() => validateWorkflow({ spec, metadata, catalogue, as }));
  return 'fault' in result ? result.fault.message : null;
}

function lintCron(document: LoadedDocument, catalogue: Catalogue): string | null {
  const [first] = cronFaults(document);
  if (first !== undefined) return first.text;
  const { spec } = document;
  const options: ValidateOptions = {
    spec,
    metadata: cronMetadata(document),
    catalogue,
    as: 'cron',
  };
  const result = attempt(() => validateWorkflow(options), 'cannot validate Workflow: ');
  return 'fault' in result ? result.fault.message : null;
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
  const { document: found, path } = placeOfText(loaded, document, text);
  const line = lineOf(found, path === '' ? 'spec' : path);
  return { kind: 'invalid', file: found.file, line, path, text };
}

/** The field that a text of Argo's is about; an empty path when it names none. */
export function placeOfText(
  { documents }: Pick<LoadedDocuments, 'documents'>,
  document: LoadedDocument,
  text: string,
): { document: LoadedDocument; path: string } {
  const all = [...text.matchAll(/templates\.([-\w]+)(?:\.tasks\.([-\w]+)|\.steps\[(\d+)\])?/g)];
  // What a task does not give is a mistake of the task, although the template is named behind it.
  const calls = text.endsWith('was not supplied')
    ? all.filter(([, , task, group]) => task ?? group)
    : [];
  const named = (calls.length > 0 ? calls : all).at(-1) ?? [];
  const argument = /^spec\.arguments\.([-\w]+)\./.exec(text)?.[1];
  for (const candidate of [document, ...documents]) {
    const path = pathOf(candidate, { named, argument });
    if (path !== null) return { document: candidate, path };
  }
  return { document, path: '' };
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
