import { readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import { lintWorkflows, submitWorkflow } from '../../runner/lint.ts';
import type { LoadedDocuments, WorkflowFile } from '../../runner/load.ts';
import type { Parameter } from '../../runner/workflow.ts';
import type { Given } from '../program.ts';

/** The workflow files of a run: those of `--file`, else that of the pipeline in the first `workflows/` that has it. */
export async function workflowFiles(
  pipeline: string | undefined,
  given: Given,
  cwd: string,
): Promise<WorkflowFile[]> {
  const files = given.flags.file ?? [];
  if (files.length > 0)
    return Promise.all(files.map((file) => readWorkflowFile(resolve(cwd, file), file)));
  if (pipeline === undefined) {
    throw new PipelineError('config-invalid', 'nothing to run', {
      hint: 'name a pipeline (argosy run fama-french) or a file (argosy run --file workflow.yaml)',
    });
  }
  const name = `workflows/${pipeline}.yaml`;
  const folders = workflowFolders(cwd);
  const paths = folders.map((folder) => join(folder, `${pipeline}.yaml`));
  const path = paths.find((one) => existsSync(one)) ?? name;
  const near = nearest(pipeline, await workflowNames(folders));
  const looked = `looked in ${folders.join(' and ')}`;
  const hint = near === undefined ? looked : `${looked}; did you mean ${near}?`;
  return [await readWorkflowFile(path, name, hint)];
}

/** What can be run by name. */
async function workflowNames(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders.filter((one) => existsSync(one)))
    for (const file of await readdir(folder))
      if (file.endsWith('.yaml')) found.push(file.slice(0, -'.yaml'.length));
  return found;
}

/** Where workflows are looked for, in this order: the working folder's `workflows/`, then the package's own. */
export function workflowFolders(cwd: string): string[] {
  return [...new Set([cwd, packageFolder()].map((folder) => join(folder, 'workflows')))];
}

/** The folder that holds `workflows/`: the package's own, seen from the bundle or from the sources. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'workflows')) && folder !== dirname(folder))
    folder = dirname(folder);
  return folder;
}

async function readWorkflowFile(
  path: string,
  name: string,
  hint = 'check the name; a pipeline is one of those in workflows/',
): Promise<WorkflowFile> {
  try {
    return { file: name, text: await readFile(path, 'utf8') };
  } catch (cause) {
    throw new PipelineError('config-invalid', `${name} cannot be read`, { hint, cause });
  }
}

/**
 * The workflow's arguments: those of `-p`, over those of the sample, over today as `logical-date` where the workflow
 * wants one: declared without a value, or with an empty one. A name that a pipeline does not have is `config-invalid`,
 * with the nearest one that it has, and so is a value that is not in its `enum`.
 */
export function runParameters(
  { documents }: LoadedDocuments,
  given: Given,
  from: { sampleParameters: Record<string, string>; startedAt: Date },
): Record<string, string> {
  const declared = documents.flatMap(({ spec }) => spec.arguments?.parameters ?? []);
  const names = declared.map(({ name }) => name);
  const wantsDate = declared.some(
    ({ name, value }) => name === 'logical-date' && (value ?? '') === '',
  );
  const parameters = {
    ...(wantsDate ? { 'logical-date': from.startedAt.toISOString().slice(0, 10) } : {}),
    ...(given.flags.dryRun === true ? { 'dry-run': 'true' } : {}),
    ...from.sampleParameters,
    ...givenParameters(given),
  };
  if (given.flags.dryRun === true && !names.includes('dry-run')) {
    throw new PipelineError('unsupported', 'this workflow has no dry run', {
      hint: 'a workflow with a parameter dry-run has one; run it without --dry-run',
    });
  }
  const unknown = Object.keys(parameters).find((name) => !names.includes(name));
  if (unknown !== undefined && given.args[0] !== undefined) {
    const near = nearest(unknown, names);
    throw new PipelineError('config-invalid', `${given.args[0]} has no parameter ${unknown}`, {
      hint: `${near === undefined ? '' : `did you mean ${near}? `}It has ${names.join(', ')}`,
    });
  }
  if (given.args[0] !== undefined) checkListed(declared, parameters);
  return parameters;
}

/** A value that the workflow does not list is told before anything starts. */
function checkListed(
  declared: readonly Parameter[],
  parameters: Readonly<Record<string, string>>,
): void {
  for (const { name, enum: listed = [] } of declared) {
    const value = parameters[name];
    if (value === undefined || listed.length === 0 || listed.includes(value)) continue;
    throw new PipelineError('config-invalid', `-p ${name}=${value}: not one of its values`, {
      hint: `it may be ${listed.map((one) => (one === '' ? '""' : one)).join(', ')}`,
    });
  }
}

/** The time of `--scheduled-time`, `null` without it; `config-invalid` for what is no time in UTC. */
export function scheduledTimeOf({ flags }: Given): Date | null {
  const text = flags.scheduledTime;
  if (text === undefined) return null;
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?Z$/.test(text) ? new Date(text) : null;
  if (time !== null && !Number.isNaN(time.getTime())) return time;
  throw new PipelineError('config-invalid', `--scheduled-time ${text} is no time`, {
    hint: 'write it in UTC, such as 2026-01-05T06:00:00Z',
  });
}

/** For `--json`: the words in which Argo refuses the file, `null` when it takes it. */
export function refusalOf(loaded: LoadedDocuments, parameters: Record<string, string>) {
  const lintOffline = lintWorkflows(loaded);
  const submit = submitWorkflow(loaded, parameters);
  if (submit.accepted) return null;
  const isReadable = loaded.problems.length === 0;
  const workflow = { phase: 'Failed', message: `invalid spec: ${submit.text ?? ''}` };
  return { lintOffline, submit, ...(isReadable ? { workflow, nodes: [] } : {}) };
}

/** The parameters of `-p name=value`; `config-invalid` for one of another form. */
export function givenParameters(given: Given): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const text of given.flags.parameter ?? []) {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new PipelineError('config-invalid', `-p ${text}: not of the form name=value`, {
        hint: 'for example -p vintage=2017-07',
      });
    }
    parameters[text.slice(0, at)] = text.slice(at + 1);
  }
  return parameters;
}

/** `fama-french-20261121-173059`: what a run started at this moment is called. */
export function runName(workflow: string, now: Date): string {
  const [date, time] = now.toISOString().replaceAll(/[-:]/g, '').slice(0, 15).split('T');
  return `${workflow.replace(/-+$/, '')}-${date}-${time}`;
}
