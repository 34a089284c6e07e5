import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendStatus } from '../support/kubernetes-server.ts';
import { following, type WorkflowBench, workflowBench } from '../support/workflow-bench.ts';
import { type WorkflowWish, workflowObject } from '../support/workflow-object.ts';

const NAME = 'fama-french-20260105';

let bench: WorkflowBench;
beforeEach(async () => {
  bench = await workflowBench({ silenceMsMax: 300, callMsMax: 2_000 });
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

function state(phase: string, change: Partial<WorkflowWish> = {}) {
  const fetch = phase === 'Running' ? 'Running' : phase;
  return workflowObject({
    name: NAME,
    phase,
    nodes: [
      { name: NAME, type: 'DAG', phase, templateName: 'main' },
      { name: `${NAME}.fetch`, phase: fetch, boundary: NAME, templateName: 'fetch' },
    ],
    ...change,
  });
}

const isFetch = ({ name }: { name: string }): boolean => name === `${NAME}.fetch`;

describe('following a workflow', () => {
  it('tells each change once, parents first, and returns how it ended', async () => {
    const { server, cluster } = bench;
    server.put('workflows', state('Running'));
    const run = following(cluster, NAME);
    await run.until(isFetch);
    server.put('workflows', state('Succeeded'));
    const outcome = await run.end;
    expect(outcome).toMatchObject({ runName: NAME, phase: 'Succeeded' });
    expect(outcome.startedAt.toISOString()).toBe('2026-11-21T12:00:00.000Z');
    expect(run.events.map(({ name, phase }) => [name, phase])).toEqual([
      [NAME, 'Running'],
      [`${NAME}.fetch`, 'Running'],
      [NAME, 'Succeeded'],
      [`${NAME}.fetch`, 'Succeeded'],
    ]);
    expect(run.events.find(isFetch)?.parentName).toBe(NAME);
    expect(server.requests).toEqual(['list workflows', 'watch workflows']);
  });

  it('leaves no connection behind', async () => {
    const { server, cluster } = bench;
    server.put('workflows', state('Running'));
    const run = following(cluster, NAME);
    await expect.poll(() => server.watchCount()).toBe(1);
    server.put('workflows', state('Succeeded'));
    await run.end;
    await expect.poll(() => server.watchCount()).toBe(0);
    const stream = cluster.follow(NAME);
    await stream.next();
    await stream.return(await run.end);
    expect(server.watchCount()).toBe(0);
  });

  it('needs no watch for a run that has ended', async () => {
    bench.server.put('workflows', state('Failed', { message: 'child failed' }));
    const run = following(bench.cluster, NAME);
    expect(await run.end).toMatchObject({ phase: 'Failed', message: 'child failed' });
    expect(run.events).toHaveLength(2);
    expect(bench.server.requests).toEqual(['list workflows']);
  });

  it('finds an end that came between the list and the watch', async () => {
    const { server, cluster } = bench;
    server.put('workflows', state('Running'));
    server.next('watch', 'workflows', () => {
      server.put('workflows', state('Succeeded'));
      return 'as usual';
    });
    expect(await following(cluster, NAME).end).toMatchObject({ phase: 'Succeeded' });
  });

  it('says that it waits for the controller, and then for a lock', async () => {
    const { server, cluster } = bench;
    server.put('workflows', workflowObject({ name: NAME }));
    const run = following(cluster, NAME);
    await run.until(({ message }) => message === 'waits for the workflow controller');
    const message = 'Waiting for argosy/Mutex/fama-french lock. Lock status: 0/1';
    server.put('workflows', workflowObject({ name: NAME, phase: 'Pending', message }));
    await run.until((event) => event.message === message && event.phase === 'Pending');
    server.put('workflows', state('Succeeded'));
    expect(await run.end).toMatchObject({ phase: 'Succeeded' });
  });

  it('takes a workflow that is refused by the controller for one that has ended, without nodes', async () => {
    const message = 'invalid spec: spec.arguments.vintage.value is required';
    bench.server.put('workflows', workflowObject({ name: NAME, phase: 'Failed', message }));
    const run = following(bench.cluster, NAME);
    expect(await run.end).toMatchObject({ phase: 'Failed', message });
  });

  it('is told of a workflow that is deleted meanwhile, and of one that never was', async () => {
    const { server, cluster } = bench;
    await expect(following(cluster, NAME).end).rejects.toMatchObject({
      kind: 'not-found',
      message: `there is no workflow ${NAME} in namespace argosy of lab`,
    });
    server.put('workflows', state('Running'));
    const run = following(cluster, NAME);
    await run.until(isFetch);
    server.remove('workflows', NAME);
    await expect(run.end).rejects.toMatchObject({
      kind: 'not-found',
      message: `${NAME} was deleted while it was followed; last seen Running`,
    });
  });

  it('takes the last state of a workflow that is deleted as it ends for its end', async () => {
    const { server, cluster } = bench;
    server.put('workflows', state('Running'));
    server.next('watch', 'workflows', (_request, response) => {
      response.writeHead(200).flushHeaders();
      response.end(`${JSON.stringify({ type: 'DELETED', object: state('Succeeded') })}\n`);
    });
    expect(await following(cluster, NAME).end).toMatchObject({ phase: 'Succeeded' });
  });

  it('does not take another workflow of the same name for the one it followed', async () => {
    const { server, cluster } = bench;
    server.put('workflows', state('Running'));
    const run = following(cluster, NAME);
    await run.until(isFetch);
    const other = state('Succeeded');
    server.next('list', 'workflows', () => {
      server.put('workflows', { ...other, metadata: { ...other.metadata, uid: 'another' } });
      return 'as usual';
    });
    await expect(run.end).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('stops as soon as it is told to', async () => {
    bench.server.put('workflows', state('Running'));
    const controller = new AbortController();
    const run = following(bench.cluster, NAME, controller.signal);
    await run.until(isFetch);
    controller.abort();
    await expect(run.end).rejects.toMatchObject({ kind: 'interrupted' });
    await expect.poll(() => bench.server.watchCount()).toBe(0);
  });
});

/** Ways in which a watch goes wrong; each is followed by a list, and the run's end is found. */
const FAULTS: Record<string, (response: ServerResponse) => void> = {
  'ends silently at once': (response) => void response.writeHead(200).end(),
  'is dropped in the middle of a line': (response) => {
    response.writeHead(200);
    response.write(`{"type":"MODIFIED","object":{"metadata":{"na`, () => response.destroy());
  },
  'ends in the middle of a line': (response) => {
    response.writeHead(200).end(`{"type":"MODIFIED","object":{"metadata":{"na`);
  },
  'is refused by HTTP with 410 Gone': (response) =>
    sendStatus(response, 410, 'too old resource version: 1 (1000)', 'Expired'),
  'is told 410 Gone within the stream': (response) => {
    const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
    response.writeHead(200).end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
  },
  'is told of a fault of the server within the stream': (response) => {
    const object = { kind: 'Status', code: 500, message: 'etcdserver: leader changed' };
    response.writeHead(200).end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
  },
  'sends something that is no JSON': (response) => void response.writeHead(200).end('<html>\n'),
  'is answered 500': (response) => sendStatus(response, 500, 'etcdserver: request timed out'),
  'is answered 502 in HTML by a proxy': (response) =>
    void response.writeHead(502).end('<html>bad gateway</html>'),
  'is answered 429': (response) => {
    response.setHeader('retry-after', '1');
    sendStatus(response, 429, 'too many requests', 'TooManyRequests');
  },
  'is never answered': () => undefined,
  'sends its head and then nothing': (response) => response.writeHead(200).flushHeaders(),
  'breaks its connection': (response) => void response.destroy(),
};

describe('a watch that goes wrong', () => {
  it.each(Object.entries(FAULTS))('is begun anew when it %s', async (_fault, misdeed) => {
    await using short = await workflowBench({ silenceMsMax: 150, callMsMax: 400 });
    const { server, cluster } = short;
    server.put('workflows', state('Running'));
    server.next('watch', 'workflows', (_request, response) => misdeed(response));
    server.next('watch', 'workflows', (_request, response) => misdeed(response));
    const run = following(cluster, NAME);
    await expect.poll(() => server.requests.length, { timeout: 5_000 }).toBeGreaterThan(4);
    server.put('workflows', state('Succeeded'));
    expect(await run.end).toMatchObject({ phase: 'Succeeded' });
    const names = run.events.map(({ name, phase }) => `${name} ${phase}`);
    expect(new Set(names).size).toBe(names.length);
    expect(server.requests.filter((one) => one.startsWith('list')).length).toBeGreaterThan(1);
  });

  it('is not begun anew without pause when every watch ends at once', async () => {
    const { server, cluster, waitsMs } = bench;
    server.put('workflows', state('Running'));
    server.always('watch', 'workflows', (_request, response) => void response.writeHead(200).end());
    const run = following(cluster, NAME);
    await expect.poll(() => waitsMs.length).toBeGreaterThan(8);
    expect(waitsMs.slice(0, 8)).toEqual([150, 300, 600, 1200, 2400, 4800, 7500, 7500]);
    server.put('workflows', state('Succeeded'));
    await run.end;
  });

  it('goes on through bookmarks, and through words that it does not know', async () => {
    const { server, cluster } = bench;
    server.put('workflows', state('Running'));
    server.next('watch', 'workflows', (_request, response) => {
      const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '5000' } } };
      response.writeHead(200);
      response.write(`${JSON.stringify(bookmark)}\n${JSON.stringify({ type: 'NEWS' })}\n`);
      const object = state('Succeeded');
      response.write(
        `${JSON.stringify({ type: 'MODIFIED', object: { ...object, metadata: { name: NAME, uid: 'uid-1001' } } })}\n`,
      );
    });
    expect(await following(cluster, NAME).end).toMatchObject({ phase: 'Succeeded' });
    expect(server.requests).toEqual(['list workflows', 'watch workflows']);
  });

  it('does not go back to a state that is older than the one told', async () => {
    const { server, cluster } = bench;
    server.put('workflows', state('Running'));
    server.next('watch', 'workflows', (_request, response) => {
      const of = (phase: string, resourceVersion: string) => ({
        type: 'MODIFIED',
        object: { ...state(phase), metadata: { name: NAME, uid: 'uid-1001', resourceVersion } },
      });
      const running = of('Running', '1003');
      const later = { ...running, object: { ...running.object, ...saying('later') } };
      const older = of('Running', '1002');
      const before = { ...older, object: { ...older.object, ...saying('before') } };
      const lines = [later, before, of('Succeeded', '1004')].map((one) => JSON.stringify(one));
      response.writeHead(200).end(`${lines.join('\n')}\n`);
    });
    const run = following(cluster, NAME);
    await run.end;
    const messages = run.events.map((event) => event.message).filter(Boolean);
    expect(messages).toEqual(['later']);
  });

  it('gives up at once on what waiting does not cure', async () => {
    const { server, cluster } = bench;
    server.put('workflows', state('Running'));
    server.next('watch', 'workflows', (_request, response) =>
      sendStatus(
        response,
        403,
        'workflows.argoproj.io is forbidden: User "me" cannot watch resource "workflows"',
        'Forbidden',
      ),
    );
    await expect(following(cluster, NAME).end).rejects.toMatchObject({
      kind: 'denied',
      message: 'me may not watch workflows in namespace argosy',
    });
  });

  it('waits as long as a busy server asks for', async () => {
    const { server, cluster, waitsMs } = bench;
    server.put('workflows', state('Running'));
    server.next('watch', 'workflows', (_request, response) => {
      server.put('workflows', state('Succeeded'));
      response.setHeader('retry-after', '3');
      sendStatus(response, 429, 'too many requests', 'TooManyRequests');
    });
    expect(await following(cluster, NAME).end).toMatchObject({ phase: 'Succeeded' });
    expect(waitsMs).toEqual([3000]);
  });

  it('waits out an outage of the server, and says so', async () => {
    const { server, cluster, logged } = bench;
    server.put('workflows', state('Running'));
    const run = following(cluster, NAME);
    await run.until(isFetch);
    for (let count = 0; count < 4; count += 1) {
      server.next('list', 'workflows', (_request, response) =>
        sendStatus(response, 503, 'starting'),
      );
    }
    await expect
      .poll(() => logged.some(({ event }) => event === 'cluster.answers_again'), { timeout: 5_000 })
      .toBe(true);
    server.put('workflows', state('Succeeded'));
    expect(await run.end).toMatchObject({ phase: 'Succeeded' });
    expect(logged.filter(({ event }) => event === 'cluster.retry').length).toBeGreaterThan(3);
  });
});

function saying(text: string) {
  return {
    status: {
      phase: 'Running',
      nodes: {
        [NAME]: {
          id: NAME,
          name: NAME,
          displayName: NAME,
          type: 'DAG',
          phase: 'Running',
          message: text,
        },
      },
    },
  };
}
