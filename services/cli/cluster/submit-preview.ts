import type { TemplateParameter } from '../../ports/workflow-cluster.ts';
import { readDocuments } from '../../runner/load.ts';
import { yamlText } from '../../runner/yaml-text.ts';
import { printJson } from '../view/print-result.ts';
import type { Given } from '../program.ts';
import { workflowFiles } from '../run/run-request.ts';
import type { Session } from '../session.ts';
import { submitRequest, type SubmitWish } from './submit-request.ts';
import { offlineWorkflow } from '../wire/engine.ts';

/** What a submit would create, by the workflow file at hand; no cluster is asked. */
export async function offlineManifest(
  { io }: Session,
  given: Given,
  wish: Omit<SubmitWish, 'parameters'>,
): Promise<Record<string, unknown>> {
  const { documents } = readDocuments(await workflowFiles(wish.pipeline, given, io.cwd));
  const parameters = documents.flatMap(({ spec }) => spec.arguments?.parameters ?? []);
  const known: TemplateParameter[] = parameters.map(({ name, value, enum: choices }) => ({
    name,
    ...(value === undefined ? {} : { value }),
    ...(choices === undefined ? {} : { enum: choices }),
  }));
  const request = submitRequest({ ...wish, parameters: known });
  return offlineWorkflow(request, given.flags.namespace ?? null);
}

/** Prints an object as YAML, or as JSON. What the server keeps for itself is left out. */
export async function printManifest(
  session: Session,
  given: Given,
  manifest: Record<string, unknown>,
): Promise<void> {
  const { managedFields: _own, ...metadata } = (manifest['metadata'] ?? {}) as Record<
    string,
    unknown
  >;
  const shown = { ...manifest, metadata };
  if (given.flags.json === true) printJson(session, shown);
  else session.io.stdout.write(yamlText(shown));
}
