import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendStatus } from '../support/kubernetes-server.ts';
import { type WorkflowBench, workflowBench } from '../support/workflow-bench.ts';
import { templateObject, workflowObject } from '../support/workflow-object.ts';

let bench: WorkflowBench;
beforeEach(async () => {
  bench = await workflowBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const REQUEST = { pipeline: 'fama-french', arguments: { vintage: '2017' }, runName: 'run-1' };
const FORBIDDEN =
  'workflowtemplates.argoproj.io is forbidden: User "dev" cannot list resource "workflowtemplates" in API group "argoproj.io" in the namespace "argosy"';

describe('what is sent', () => {
  it('is a reference to the template and the arguments, and nothing else', async () => {
    await bench.cluster.submit({
      ...REQUEST,
      labels: { trigger: 'manual', 'logical-date': '2026-01-05' },
    });
    const [sent] = bench.server.seen;
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata: {
        name: 'run-1',
        namespace: 'argosy',
        labels: {
          'argosy.dev/trigger': 'manual',
          'argosy.dev/logical-date': '2026-01-05',
          'argosy.dev/pipeline': 'fama-french',
          'workflows.argoproj.io/workflow-template': 'fama-french',
        },
      },
      spec: {
        workflowTemplateRef: { name: 'fama-french' },
        arguments: { parameters: [{ name: 'vintage', value: '2017' }] },
      },
    });
    expect(Object.fromEntries(sent?.query ?? [])).toEqual({
      fieldManager: 'argosy',
      fieldValidation: 'Strict',
    });
  });

  it('makes nothing when it is a preview', async () => {
    const kept = await bench.cluster.preview(REQUEST);
    expect(kept).toMatchObject({ metadata: { name: 'run-1' } });
    expect(bench.server.seen[0]?.query.get('dryRun')).toBe('All');
    expect(bench.server.get('workflows', 'run-1')).toBeUndefined();
  });
});

describe('a pipeline that the cluster does not have', () => {
  it('is told with the nearest one that it has', async () => {
    bench.server.put('workflowtemplates', templateObject());
    bench.server.put('workflowtemplates', templateObject('market-data'));
    await expect(bench.cluster.template('fama-frensh')).rejects.toMatchObject({
      kind: 'config-invalid',
      message: 'there is no pipeline fama-frensh in namespace argosy of lab',
      hint: /^did you mean fama-french\? It has fama-french, market-data; helm/,
    });
  });

  it('is told with what installs them where there is none, and where they may not be listed', async () => {
    const { server, cluster } = bench;
    await expect(cluster.template('fama-french')).rejects.toMatchObject({
      hint: /no WorkflowTemplate at all: helm/,
    });
    server.always('list', 'workflowtemplates', (_request, response) =>
      sendStatus(response, 403, FORBIDDEN, 'Forbidden'),
    );
    await expect(cluster.template('fama-french')).rejects.toMatchObject({
      kind: 'config-invalid',
      hint: /^helm/,
    });
  });
});

describe('a namespace', () => {
  it('that is not there is told from one that has no pipeline', async () => {
    await using away = await workflowBench({}, (text) =>
      text.replace('namespace: argosy', 'namespace: away'),
    );
    await expect(away.cluster.template('fama-french')).rejects.toMatchObject({
      kind: 'config-invalid',
      hint: 'there is no such namespace: choose another --namespace, or: kubectl create namespace away',
    });
  });
});

describe('stopping', () => {
  it('asks a running workflow to stop so that its exit handler runs, and leaves one alone that has ended', async () => {
    const { server, cluster } = bench;
    server.put('workflows', workflowObject({ name: 'run-1', phase: 'Running' }));
    server.put('workflows', workflowObject({ name: 'run-2', phase: 'Failed' }));
    await cluster.stop('run-1');
    await cluster.stop('run-2');
    expect(server.get('workflows', 'run-1')?.spec).toMatchObject({ shutdown: 'Stop' });
    expect(server.requests).toEqual([
      'get workflows/run-1',
      'patch workflows/run-1',
      'get workflows/run-2',
    ]);
    const patch = server.seen.find(({ verb }) => verb === 'patch');
    expect(patch?.headers['content-type']).toBe('application/merge-patch+json');
    await expect(cluster.stop('run-3')).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('listing', () => {
  it('finds the newest runs of a pipeline by either label, each once, over several pages', async () => {
    const { server, cluster } = bench;
    for (let count = 0; count < 1100; count += 1) {
      const minute = String(count % 60).padStart(2, '0');
      const hour = String(Math.floor(count / 60)).padStart(2, '0');
      const label =
        count % 3 === 0 ? 'argosy.dev/pipeline' : 'workflows.argoproj.io/workflow-template';
      const run = workflowObject({ name: `run-${count}`, phase: 'Succeeded' });
      run.metadata.labels = {
        [label]: 'fama-french',
        ...(count === 1099 ? { 'argosy.dev/pipeline': 'fama-french' } : {}),
        ...(count === 0 ? {} : { 'argosy.dev/trigger': 'cron' }),
      };
      run.metadata.creationTimestamp = `2026-11-20T${hour}:${minute}:00Z`;
      server.put('workflows', run);
    }
    const runs = await cluster.runs('fama-french', 3);
    expect(runs.map(({ runName }) => runName)).toEqual(['run-1099', 'run-1098', 'run-1097']);
    expect(runs[0]).toMatchObject({ phase: 'Succeeded', labels: { trigger: 'cron' } });
    expect(server.requests.filter((one) => one.startsWith('get'))).toHaveLength(3);
    const lists = server.seen.filter(({ verb }) => verb === 'list');
    expect(lists.map(({ query }) => query.get('continue'))).toEqual([null, null, '500']);
    expect(
      lists.every(({ headers }) => String(headers.accept).includes('PartialObjectMetadataList')),
    ).toBe(true);
  });

  it('finds the schedules that start the pipeline', async () => {
    const cron = (name: string, pipeline: string, spec: object) => ({
      metadata: { name },
      spec: { ...spec, workflowSpec: { workflowTemplateRef: { name: pipeline } } },
      status: { lastScheduledTime: '2026-11-20T06:00:00Z' },
    });
    const daily = { schedules: ['0 6 * * *'], timezone: 'America/New_York' };
    bench.server.put('cronworkflows', cron('daily', 'fama-french', daily));
    bench.server.put(
      'cronworkflows',
      cron('idle', 'fama-french', { schedules: ['@daily'], suspend: true }),
    );
    bench.server.put('cronworkflows', cron('other', 'market-data', daily));
    expect(await bench.cluster.schedules('fama-french')).toEqual([
      {
        name: 'daily',
        schedules: ['0 6 * * *'],
        timezone: 'America/New_York',
        isSuspended: false,
        lastScheduledAt: new Date('2026-11-20T06:00:00Z'),
      },
      {
        name: 'idle',
        schedules: ['@daily'],
        isSuspended: true,
        lastScheduledAt: new Date('2026-11-20T06:00:00Z'),
      },
    ]);
  });
});
