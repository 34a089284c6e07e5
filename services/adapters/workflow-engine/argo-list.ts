import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import type { RunState, ScheduleState, TemplateParameter } from '../../ports/workflow-cluster.ts';
import { argoRead, type ArgoPlace, type ArgoResource } from './argo-call.ts';
import { pipelineSelectors } from './argo-manifest.ts';
import {
  runStateOf,
  scheduledPipeline,
  scheduleStateOf,
  templateParametersOf,
} from './argo-state.ts';
import { dateAt, listAt, textAt } from './json-field.ts';
import type { KubeApi } from './kube-api.ts';

/** Objects of one kind in the engine's namespace. */
export function placeOf(
  api: KubeApi,
  resource: ArgoResource,
  { name, signal }: { name?: string; signal?: AbortSignal | undefined } = {},
): ArgoPlace {
  const { namespace } = api.connection;
  return { namespace, resource, signal, ...(name === undefined ? {} : { name }) };
}

/** One run; `null` when there is none. */
export async function find(
  api: KubeApi,
  name: string,
  call?: CallOptions,
): Promise<RunState | null> {
  const place = placeOf(api, 'workflows', { name, signal: call?.signal });
  const workflow = await orNull(api.json(argoRead('get', place)));
  return workflow === null ? null : runStateOf(workflow);
}

async function orNull(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'not-found') return null;
    throw error;
  }
}

/** The parameters of a pipeline's template; `config-invalid` when there is none. */
export async function template(
  api: KubeApi,
  pipeline: string,
  call?: CallOptions,
): Promise<readonly TemplateParameter[]> {
  const place = placeOf(api, 'workflowtemplates', { name: pipeline, signal: call?.signal });
  const found = await orNull(api.json(argoRead('get', place)));
  if (found !== null) return templateParametersOf(found);
  const { namespace, context } = api.connection;
  throw new PipelineError(
    'config-invalid',
    `there is no pipeline ${pipeline} in namespace ${namespace} of ${context}`,
    {
      hint: await missingTemplateHint(api, pipeline, call),
    },
  );
}

/** The nearest template, when they may be listed; that they may not is no reason to say nothing. */
async function missingTemplateHint(
  api: KubeApi,
  pipeline: string,
  call?: CallOptions,
): Promise<string> {
  const install = 'helm upgrade --install argosy installs them';
  const place = placeOf(api, 'workflowtemplates', { signal: call?.signal });
  try {
    const list = await listAll(api, place, {});
    const names = list.map((one) => textAt(one, 'metadata', 'name') ?? '').toSorted();
    if (names.length === 0 && (await isNamespaceMissing(api, call))) {
      const { namespace } = api.connection;
      return `there is no such namespace: choose another --namespace, or: kubectl create namespace ${namespace}`;
    }
    if (names.length === 0)
      return `the namespace has no WorkflowTemplate at all: ${install}, or choose another --namespace`;
    const near = nearest(pipeline, names);
    return `${near === undefined ? '' : `did you mean ${near}? `}It has ${names.join(', ')}; ${install}`;
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'denied')
      return `${install}, or choose another --namespace`;
    throw error;
  }
}

/** A list in a namespace that is not there is an empty list; only the namespace itself tells. */
async function isNamespaceMissing(api: KubeApi, call?: CallOptions): Promise<boolean> {
  const { namespace } = api.connection;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const asked = { verb: 'get', resource: 'namespaces', group: '', name: namespace } as const;
  try {
    await api.json({ ...asked, method: 'GET', path, signal: call?.signal });
    return false;
  } catch (error) {
    // Few may read namespaces; then it stays unknown.
    if (!(error instanceof PipelineError) || error.kind === 'interrupted') throw error;
    return error.kind === 'not-found' || /no namespace/.test(error.message);
  }
}

/** Names and labels only: the nodes of hundreds of workflows would be megabytes. */
const METADATA_ONLY =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const PAGE_SIZE = 500;
const PAGES_MAX = 200;

async function listAll(
  api: KubeApi,
  place: ArgoPlace,
  { selector, accept = METADATA_ONLY }: { selector?: string; accept?: string },
): Promise<unknown[]> {
  const items: unknown[] = [];
  let next = '';
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = {
      limit: String(PAGE_SIZE),
      ...(selector === undefined ? {} : { labelSelector: selector }),
      ...(next === '' ? {} : { continue: next }),
    };
    const list = await api.json({ ...argoRead('list', place, query), accept });
    items.push(...listAt(list, 'items'));
    next = textAt(list, 'metadata', 'continue') ?? '';
    if (next === '') return items;
  }
  throw new PipelineError(
    'too-large',
    `more than ${PAGE_SIZE * PAGES_MAX} ${place.resource} in one namespace`,
    {
      hint: 'give them a TTL (spec.ttlStrategy)',
    },
  );
}

/** The newest runs of a pipeline, newest first. */
export async function runs(
  api: KubeApi,
  { pipeline, limit }: { pipeline: string; limit: number },
  call?: CallOptions,
): Promise<readonly RunState[]> {
  const place = placeOf(api, 'workflows', { signal: call?.signal });
  const bySelector = [];
  for (const selector of pipelineSelectors(pipeline)) {
    bySelector.push(...(await listAll(api, place, { selector })));
  }
  const createdMs = (one: unknown): number =>
    dateAt(one, 'metadata', 'creationTimestamp')?.getTime() ?? 0;
  const byName = new Map(bySelector.map((one) => [textAt(one, 'metadata', 'name') ?? '', one]));
  const newest = [...byName]
    .toSorted(([, a], [, b]) => createdMs(b) - createdMs(a))
    .slice(0, limit);
  const found: RunState[] = [];
  for (const [name] of newest) {
    const state = await find(api, name, call);
    // One that was deleted since the list is no longer there to be told of.
    if (state !== null) found.push(state);
  }
  return found;
}

/** The schedules of a pipeline, by name. */
export async function schedules(
  api: KubeApi,
  pipeline: string,
  call?: CallOptions,
): Promise<readonly ScheduleState[]> {
  const place = placeOf(api, 'cronworkflows', { signal: call?.signal });
  const crons = await listAll(api, place, { accept: 'application/json' });
  return crons
    .filter((cron) => scheduledPipeline(cron) === pipeline)
    .map(scheduleStateOf)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
