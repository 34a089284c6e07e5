import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveHandler, type LoopbackServer } from './http-server.ts';

/** Any Kubernetes object. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    labels?: Record<string, string>;
    resourceVersion?: string;
    uid?: string;
    creationTimestamp?: string;
  };
  spec?: unknown;
  status?: unknown;
}

/** What a test lets the server do wrong, or differently, with one request. */
export type Misdeed = (
  request: KubeRequest,
  response: ServerResponse,
) => void | 'as usual' | Promise<void | 'as usual'>;

export interface KubeRequest {
  /** The verb of Kubernetes' roles. */
  verb: string;
  /** Plural, with a subresource behind a slash. */
  resource: string;
  name: string | undefined;
  query: URLSearchParams;
  body: string;
  headers: IncomingMessage['headers'];
}

/** An API server on loopback that keeps Argo's objects in memory, and can be wrong in the ways that a test asks for. */
export interface KubernetesServer extends AsyncDisposable {
  url: string;
  /** `verb resource` of every request so far, with `/name` where there is one. */
  requests: string[];
  /** Every request so far, whole. */
  seen: KubeRequest[];
  /** Puts an object there, or a new state of it; watchers are told. */
  put(resource: string, object: KubeObject): void;
  remove(resource: string, name: string): void;
  get(resource: string, name: string): KubeObject | undefined;
  /** What a pod has printed, by the pod's name. */
  logs: Map<string, string>;
  /** The next request of this verb and resource is answered by the misdeed; misdeeds queue up. */
  next(verb: string, resource: string, misdeed: Misdeed): void;
  /** Every such request is, until it is taken away by `null`. */
  always(verb: string, resource: string, misdeed: Misdeed | null): void;
  /** Writes a kubeconfig for this server and returns its path. */
  kubeconfig(folder: string, change?: (text: string) => string): Promise<string>;
  /** Watches that are open now. */
  watchCount(): number;
}

interface Watcher {
  resource: string;
  name: string | undefined;
  response: ServerResponse;
}

/** Serves the namespace `argosy` with nothing in it; with `tls` by HTTPS. */
export async function kubernetesServer(tls?: {
  key: string;
  cert: string;
}): Promise<KubernetesServer> {
  const objects = new Map<string, KubeObject>();
  const watchers = new Set<Watcher>();
  const queued: { key: string; misdeed: Misdeed }[] = [];
  const standing = new Map<string, Misdeed>();
  const logs = new Map<string, string>();
  const seen: KubeRequest[] = [];
  let version = 1000;

  const tell = (type: string, resource: string, object: KubeObject): void => {
    for (const watcher of watchers) {
      if (watcher.resource !== resource) continue;
      if (watcher.name !== undefined && watcher.name !== object.metadata.name) continue;
      watcher.response.write(`${JSON.stringify({ type, object })}\n`);
    }
  };
  const put = (resource: string, object: KubeObject): KubeObject => {
    const id = `${resource}/${object.metadata.name}`;
    const before = objects.get(id);
    version += 1;
    const kept: KubeObject = {
      ...object,
      metadata: {
        uid: before?.metadata.uid ?? `uid-${version}`,
        creationTimestamp: before?.metadata.creationTimestamp ?? '2026-11-21T12:00:00Z',
        ...object.metadata,
        resourceVersion: String(version),
      },
    };
    objects.set(id, kept);
    tell(before === undefined ? 'ADDED' : 'MODIFIED', resource, kept);
    return kept;
  };
  const all = (resource: string): KubeObject[] =>
    [...objects].filter(([id]) => id.startsWith(`${resource}/`)).map(([, object]) => object);

  const answer = (request: KubeRequest, response: ServerResponse): void => {
    const { verb, resource, name, query } = request;
    const found =
      resource === 'namespaces' && name === 'argosy'
        ? { metadata: { name } }
        : objects.get(`${resource}/${name}`);
    if (resource === 'pods/log') return sendLog(response, logs.get(name ?? ''), request);
    if (verb === 'create') {
      const wanted = JSON.parse(request.body) as KubeObject;
      if (objects.has(`${resource}/${wanted.metadata.name}`)) {
        return sendStatus(
          response,
          409,
          `${resource}.argoproj.io "${wanted.metadata.name}" already exists`,
          'AlreadyExists',
        );
      }
      const made =
        query.get('dryRun') === 'All' ? { ...wanted, status: {} } : put(resource, wanted);
      return send(response, 201, made);
    }
    if (verb === 'patch' && found !== undefined) {
      const patch = JSON.parse(request.body) as { spec: object };
      return send(
        response,
        200,
        put(resource, { ...found, spec: { ...(found.spec as object), ...patch.spec } }),
      );
    }
    if (verb === 'get' || verb === 'patch') {
      if (found !== undefined) return send(response, 200, found);
      return sendStatus(response, 404, `${resource}.argoproj.io "${name}" not found`, 'NotFound', {
        name,
        kind: resource,
      });
    }
    const wantedName = /^metadata\.name=(.+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
    if (verb === 'watch') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      const watcher = { resource, name: wantedName, response };
      watchers.add(watcher);
      response.on('close', () => watchers.delete(watcher));
      const since = Number(query.get('resourceVersion'));
      for (const object of all(resource)) {
        const isNew = Number(object.metadata.resourceVersion) > since;
        if (isNew && (wantedName === undefined || object.metadata.name === wantedName)) {
          response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
        }
      }
      return;
    }
    const [label, value] = (query.get('labelSelector') ?? '').split('=');
    const matching = all(resource)
      .filter((object) => wantedName === undefined || object.metadata.name === wantedName)
      .filter((object) => !label || object.metadata.labels?.[label] === value);
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? 500);
    const page = matching.slice(from, from + limit);
    const next = from + limit < matching.length ? { continue: String(from + limit) } : {};
    const isBare = String(request.headers.accept).includes('PartialObjectMetadataList');
    const items = isBare ? page.map(({ metadata }) => ({ metadata })) : page;
    send(response, 200, {
      kind: 'List',
      metadata: { resourceVersion: String(version), ...next },
      items,
    });
  };

  const requests: string[] = [];
  const server: LoopbackServer = await serveHandler(async (incoming, response) => {
    const request = await readRequest(incoming);
    const key = `${request.verb} ${request.resource}`;
    requests.push(request.name === undefined ? key : `${key}/${request.name}`);
    seen.push(request);
    const at = queued.findIndex((one) => one.key === key);
    const misdeed = at >= 0 ? queued.splice(at, 1)[0]?.misdeed : standing.get(key);
    const done = misdeed === undefined ? 'as usual' : await misdeed(request, response);
    if (done === 'as usual') answer(request, response);
  }, tls);
  return {
    url: server.url,
    requests,
    seen,
    logs,
    put: (resource, object) => void put(resource, object),
    get: (resource, name) => objects.get(`${resource}/${name}`),
    remove: (resource, name) => {
      const object = objects.get(`${resource}/${name}`);
      objects.delete(`${resource}/${name}`);
      if (object !== undefined) tell('DELETED', resource, object);
    },
    next: (verb, resource, misdeed) => void queued.push({ key: `${verb} ${resource}`, misdeed }),
    always: (verb, resource, misdeed) => {
      if (misdeed === null) standing.delete(`${verb} ${resource}`);
      else standing.set(`${verb} ${resource}`, misdeed);
    },
    kubeconfig: async (folder, change = (text) => text) => {
      const path = join(folder, 'kubeconfig.yaml');
      await writeFile(path, change(kubeconfigText(server.url)));
      return path;
    },
    watchCount: () => watchers.size,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function readRequest(incoming: IncomingMessage): Promise<KubeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const url = new URL(incoming.url ?? '/', 'http://x');
  const parts = url.pathname.split('/').map(decodeURIComponent);
  const at = parts.indexOf('namespaces');
  const named = parts.slice(at + 2);
  const [resource = 'namespaces', name, subresource] =
    named.length > 0 ? named : ['namespaces', parts[at + 1]];
  const verb =
    incoming.method === 'POST'
      ? 'create'
      : incoming.method === 'PATCH'
        ? 'patch'
        : url.searchParams.get('watch') === 'true'
          ? 'watch'
          : name === undefined
            ? 'list'
            : 'get';
  return {
    verb,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    name,
    query: url.searchParams,
    body: Buffer.concat(chunks).toString(),
    headers: incoming.headers,
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Answers with a `Status` object, as the API server does for every failure of its own. */
export function sendStatus(
  response: ServerResponse,
  code: number,
  message: string,
  reason = '',
  details: Record<string, unknown> = {},
): void {
  send(response, code, {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    message,
    reason,
    details,
  });
}

/** The last lines of a log; `limitBytes` counts from the first of them, as the kubelet does. */
function sendLog(
  response: ServerResponse,
  text: string | undefined,
  { name, query }: KubeRequest,
): void {
  if (text === undefined) {
    const message = `pods "${name ?? ''}" not found`;
    return sendStatus(response, 404, message, 'NotFound', { kind: 'pods' });
  }
  const lines = text.replace(/\n$/, '').split('\n');
  const tail = `${lines.slice(-Number(query.get('tailLines') ?? lines.length)).join('\n')}\n`;
  const limitBytes = query.get('limitBytes');
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.end(limitBytes === null ? tail : Buffer.from(tail).subarray(0, Number(limitBytes)));
}

function kubeconfigText(url: string): string {
  return `apiVersion: v1
kind: Config
current-context: lab
clusters:
  - name: lab-cluster
    cluster: { server: "${url}" }
users:
  - name: me
    user: { token: t0ken }
contexts:
  - name: lab
    context: { cluster: lab-cluster, user: me, namespace: argosy }
`;
}
