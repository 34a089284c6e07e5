import { PipelineError } from '../core/error.ts';
import { problemsError } from './load.ts';
import type { LoadedDocument, LoadedDocuments } from './load.ts';
import type { Metadata, WorkflowSpec } from './workflow.ts';

/** The workflow that is run, as if it had been submitted. */
export interface SelectedWorkflow {
  spec: WorkflowSpec;
  metadata: Metadata;
  document: LoadedDocument;
}

/**
 * The document to run: the one called `name`, else the first Workflow, CronWorkflow or
 * WorkflowTemplate, in this order. A WorkflowTemplate is run as a workflow that refers to it.
 */
export function selectWorkflow(loaded: LoadedDocuments, name?: string): SelectedWorkflow {
  const { documents } = loaded;
  const order = ['Workflow', 'CronWorkflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate'];
  const named = documents.filter(({ metadata }) => {
    return name === undefined || metadata.name === name || metadata.generateName === name;
  });
  const [document] = named.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  if (document === undefined && loaded.problems.length > 0) throw problemsError(loaded.problems);
  if (document === undefined) {
    const known = documents.map(({ metadata }) => metadata.name ?? metadata.generateName ?? '?');
    throw new PipelineError(
      'config-invalid',
      name === undefined ? 'no workflow in the files' : `no workflow ${name} in the files`,
      {
        hint:
          known.length === 0
            ? 'name a file that holds a Workflow, WorkflowTemplate or CronWorkflow'
            : `the files hold: ${known.join(', ')}`,
      },
    );
  }
  if (document.kind === 'Workflow' || document.kind === 'CronWorkflow') {
    return { spec: document.spec, metadata: document.metadata, document };
  }
  const clusterScope = document.kind === 'ClusterWorkflowTemplate';
  const own = document.metadata.name ?? '';
  return {
    spec: { workflowTemplateRef: { name: own, ...(clusterScope ? { clusterScope } : {}) } },
    metadata: { generateName: `${own}-` },
    document,
  };
}

/** The metadata of the workflows that a CronWorkflow starts (source: ConvertCronWorkflowToWorkflow). */
export function cronMetadata({ metadata, cron }: LoadedDocument): Metadata {
  const { labels = {}, annotations = {} } = cron?.workflowMetadata ?? {};
  return { generateName: `${metadata.name ?? 'cron'}-`, labels, annotations };
}

/**
 * The spec with parameters given on the command line and another entrypoint; given ones win,
 * unknown ones are added.
 */
export function withGiven(
  spec: WorkflowSpec,
  given: { parameters: Readonly<Record<string, string>>; entrypoint?: string | undefined },
): WorkflowSpec {
  const parameters = [...(spec.arguments?.parameters ?? [])];
  for (const [name, value] of Object.entries(given.parameters)) {
    const at = parameters.findIndex((parameter) => parameter.name === name);
    const before = parameters[at];
    if (before === undefined) parameters.push({ name, value });
    else parameters[at] = { ...before, value };
  }
  return {
    ...spec,
    ...(parameters.length === 0 ? {} : { arguments: { parameters } }),
    ...(given.entrypoint === undefined ? {} : { entrypoint: given.entrypoint }),
  };
}
