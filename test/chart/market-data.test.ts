import { beforeAll, expect, it } from 'vitest';
import { helm, type KubeObject, MINIMAL, refusal, render, type Values } from '../support/chart.ts';
import { mayReach, type Target } from '../support/network-policy.ts';
import { describeWith } from '../support/require-component.ts';
import { podsOf } from '../support/restricted.ts';
import { at, namedAt, namesAt } from '../support/tree.ts';

const WEB: Target = { port: 443, ip: '128.2.13.5' };
const WAREHOUSE: Target = { port: 5432, ip: '10.20.1.10' };
const API: Target = { port: 8080, ip: '10.20.4.5' };

describeWith(helm, 'market-data in the chart', () => {
  let objects: readonly KubeObject[] = [];
  beforeAll(async () => {
    objects = await render({ file: 'ci/existing-minio-values.yaml' });
  });

  const treeOf = (kind: string, name: string): unknown =>
    objects.find((each) => each.kind === kind && each.name === name)?.tree;
  const reach = (pipeline: string, step: string, ...targets: Target[]): boolean[] => {
    const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
    const name = `WorkflowTemplate/${pipeline}/${step}`;
    const labels = objects.flatMap(podsOf).find((pod) => pod.name === name)?.labels;
    if (labels === undefined) throw new Error(`no pod ${name}`);
    return targets.map((target) => mayReach(policies, labels, target));
  };

  it('is off until somebody says which database it has', async () => {
    const enabled: Values = { ...MINIMAL, pipelines: { 'market-data': { enabled: true } } };
    expect(await refusal({ values: enabled })).toContain(
      'warehouse.existingSecret: pipelines.market-data.warehouse is true',
    );
    const plain = await render({ values: MINIMAL });
    expect(plain.some(({ name }) => name === 'market-data')).toBe(false);
  });

  it('has its API key by a Secret of its own, which no other pipeline sees', () => {
    const containerOf = (pipeline: string): unknown =>
      at(treeOf('WorkflowTemplate', pipeline), 'spec', 'templateDefaults', 'container');
    const market = containerOf('market-data');
    expect(at(market, 'envFrom')).toEqual([{ secretRef: { name: 'market-api' } }]);
    expect(at(namedAt(market, 'ARGOSY_WAREHOUSE', 'env'), 'valueFrom')).toBeDefined();
    expect(namesAt(market, 'env')).not.toContain('ARGOSY_MARKET_API_KEY');
    for (const other of ['csv-intake', 'finance']) {
      expect(JSON.stringify(containerOf(other))).not.toContain('market-api');
    }
  });

  it('lets only its extract step ask the service, and its own steps reach the database', () => {
    expect(reach('market-data', 'extract', WEB, API, WAREHOUSE)).toEqual([true, true, true]);
    for (const step of ['plan', 'load', 'transform', 'quality']) {
      expect(reach('market-data', step, WEB, API, WAREHOUSE)).toEqual([false, false, true]);
    }
    expect(reach('finance', 'extract', API)).toEqual([false]);
    expect(reach('csv-intake', 'profile', API, WAREHOUSE)).toEqual([false, false]);
  });

  it('asks on weekdays after the close in New York, and one pod at a time', () => {
    expect(at(treeOf('CronWorkflow', 'market-data'), 'spec', 'schedules')).toEqual([
      '30 22 * * 1-5',
    ]);
    const extract = namedAt(
      treeOf('WorkflowTemplate', 'market-data'),
      'extract',
      'spec',
      'templates',
    );
    expect(at(extract, 'synchronization', 'mutexes')).toEqual([{ name: 'market-data-api' }]);
  });
});
