import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendStatus } from '../support/kubernetes-server.ts';
import { type WorkflowBench, workflowBench } from '../support/workflow-bench.ts';
import { workflowObject } from '../support/workflow-object.ts';

let bench: WorkflowBench;
beforeEach(async () => {
  bench = await workflowBench({ callMsMax: 300 });
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const REQUEST = { pipeline: 'fama-french', arguments: { vintage: '2017' }, runName: 'run-1' };
const FORBIDDEN =
  'workflows.argoproj.io is forbidden: User "dev@example.org" cannot create resource "workflows" in API group "argoproj.io" in the namespace "argosy"';

interface Refused {
  kind: string;
  message: string | RegExp;
  hint: string | RegExp;
}

/** What the server answers to a create, and what a user reads. */
const REFUSALS: Record<string, [(response: ServerResponse) => void, Refused]> = {
  'an expired token': [
    (response) => sendStatus(response, 401, 'Unauthorized', 'Unauthorized'),
    {
      kind: 'denied',
      message: /does not take the credentials of user me of context lab/,
      hint: /log in again/,
    },
  ],
  'a missing right': [
    (response) => sendStatus(response, 403, FORBIDDEN, 'Forbidden'),
    {
      kind: 'denied',
      message: 'dev@example.org may not create workflows in namespace argosy',
      hint: /rule \{apiGroups: \["argoproj.io"\], resources: \[workflows\], verbs: \[create\]\}/,
    },
  ],
  'an anonymous user': [
    (response) =>
      sendStatus(
        response,
        403,
        FORBIDDEN.replace('dev@example.org', 'system:anonymous'),
        'Forbidden',
      ),
    {
      kind: 'denied',
      message: 'context lab has no credentials: anonymous may not create workflows',
      hint: /neither token, certificate nor plugin/,
    },
  ],
  'a quota': [
    (response) =>
      sendStatus(
        response,
        403,
        'workflows.argoproj.io "run-1" is forbidden: exceeded quota: runs, requested: count/workflows.argoproj.io=1',
        'Forbidden',
      ),
    {
      kind: 'denied',
      message: /exceeded quota: runs/,
      hint: /quota, a policy or an admission webhook/,
    },
  ],
  'an admission webhook': [
    (response) =>
      sendStatus(
        response,
        400,
        'admission webhook "policy.example" denied the request: no label team',
      ),
    { kind: 'config-invalid', message: /no label team/, hint: /policy/ },
  ],
  'a webhook that does not answer': [
    (response) =>
      sendStatus(
        response,
        500,
        'Internal error occurred: failed calling webhook "policy.example": timeout',
      ),
    { kind: 'unavailable', message: /answered 500/, hint: /admission webhook policy.example/ },
  ],
  'a group that is not there': [
    (response) =>
      void response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n'),
    {
      kind: 'config-invalid',
      message: /^Argo Workflows is not installed in lab/,
      hint: /CustomResourceDefinitions/,
    },
  ],
  'a namespace that is not there': [
    (response) =>
      sendStatus(response, 404, 'namespaces "argosy" not found', 'NotFound', {
        kind: 'namespaces',
      }),
    { kind: 'config-invalid', message: 'there is no namespace argosy in lab', hint: /--namespace/ },
  ],
  'an object that is invalid': [
    (response) =>
      sendStatus(
        response,
        422,
        'Workflow.argoproj.io "run-1" is invalid: spec: Required value',
        'Invalid',
      ),
    { kind: 'config-invalid', message: /spec: Required value/, hint: /API server/ },
  ],
  'an object that is too large': [
    (response) =>
      sendStatus(
        response,
        413,
        'Request entity too large: limit is 3145728',
        'RequestEntityTooLarge',
      ),
    { kind: 'too-large', message: /limit is 3145728/, hint: /key of an object/ },
  ],
  'an object that etcd finds too large': [
    (response) => sendStatus(response, 500, 'etcdserver: request is too large'),
    { kind: 'too-large', message: /request is too large/, hint: /key of an object/ },
  ],
  'a server that is busy': [
    (response) => {
      response.setHeader('retry-after', '2');
      sendStatus(response, 429, 'too many requests', 'TooManyRequests');
    },
    { kind: 'throttled', message: /too many requests/, hint: /busy/ },
  ],
  'a login page': [
    (response) => void response.writeHead(200).end('<html>log in</html>'),
    {
      kind: 'config-invalid',
      message: /a web page, which is not the Kubernetes API/,
      hint: /proxy or a login page/,
    },
  ],
  'a proxy without a server behind it': [
    (response) => void response.writeHead(502).end('<html><h1>Bad Gateway</h1></html>'),
    {
      kind: 'unavailable',
      message: /answered 502: a web page, of a proxy/,
      hint: /proxy before it/,
    },
  ],
  'no answer': [
    () => undefined,
    { kind: 'unavailable', message: /did not answer within 0.3 s/, hint: /slow/ },
  ],
  'a connection that breaks': [
    (response) => void response.destroy(),
    { kind: 'unavailable', message: /cannot be reached: ECONNRESET/, hint: /VPN/ },
  ],
};

describe('a submit that is refused', () => {
  it.each(Object.entries(REFUSALS))(
    'by %s says so in one message with a hint',
    async (_name, [misdeed, expected]) => {
      bench.server.always('create', 'workflows', (_request, response) => misdeed(response));
      const error: unknown = await bench.cluster.submit(REQUEST).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: expected.kind });
      const { message, hint } = error as { message: string; hint: string };
      expect(message).toMatch(expected.message);
      expect(message).not.toContain('\n');
      expect(hint).toMatch(expected.hint);
      expect(bench.server.get('workflows', 'run-1')).toBeUndefined();
    },
  );

  it.each(['429', '500', '503', 'reset'])(
    'for a moment (%s) is tried again, and is made once',
    async (fault) => {
      const { server, cluster } = bench;
      for (let count = 0; count < 2; count += 1) {
        server.next('create', 'workflows', (_request, response) => {
          if (fault === 'reset') response.destroy();
          else sendStatus(response, Number(fault), 'a moment');
        });
      }
      expect(await cluster.submit(REQUEST)).toBe('run-1');
      expect(server.requests).toEqual(Array(3).fill('create workflows'));
    },
  );

  it('waits as long as a busy server asks for, and not for more than a minute', async () => {
    const { server, cluster, waitsMs } = bench;
    const busy = (seconds: string) =>
      server.next('create', 'workflows', (_request, response) => {
        response.setHeader('retry-after', seconds);
        sendStatus(response, 429, 'too many requests', 'TooManyRequests');
      });
    busy('7');
    expect(await cluster.submit(REQUEST)).toBe('run-1');
    expect(waitsMs).toEqual([7350]);
    busy('3600');
    await expect(cluster.submit(REQUEST)).rejects.toMatchObject({ kind: 'throttled' });
    expect(waitsMs).toEqual([7350]);
  });

  it('is told as made when it arrived and only its answer was lost', async () => {
    const { server, cluster } = bench;
    server.next('create', 'workflows', (request, response) => {
      server.put('workflows', JSON.parse(request.body) as never);
      response.destroy();
    });
    expect(await cluster.submit(REQUEST)).toBe('run-1');
  });

  it('is a conflict when the name belongs to other work, also after a lost answer', async () => {
    const { server, cluster } = bench;
    server.put('workflows', workflowObject({ name: 'run-1' }));
    await expect(cluster.submit(REQUEST)).rejects.toMatchObject({ kind: 'conflict' });
    server.next('create', 'workflows', (_request, response) => void response.destroy());
    await expect(cluster.submit(REQUEST)).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('asks for credentials anew once when the first ones are refused', async () => {
    const { server, cluster } = bench;
    server.next('create', 'workflows', (_request, response) =>
      sendStatus(response, 401, 'Unauthorized'),
    );
    expect(await cluster.submit(REQUEST)).toBe('run-1');
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer t0ken',
      'Bearer t0ken',
    ]);
  });

  it('does not leave the process for a name that no workflow may have, or a value that no step can take', async () => {
    const { server, cluster } = bench;
    for (const runName of ['Run', 'a'.repeat(64), '-a', 'a_b', '']) {
      await expect(cluster.submit({ ...REQUEST, runName })).rejects.toMatchObject({
        kind: 'config-invalid',
      });
    }
    const large = { vintage: 'é'.repeat(70_000) };
    await expect(cluster.submit({ ...REQUEST, arguments: large })).rejects.toMatchObject({
      kind: 'too-large',
      message: '-p vintage: 140000 bytes, and a step gets at most 130816',
    });
    expect(server.requests).toEqual([]);
  });
});
