import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { helm, type KubeObject, MINIMAL, refusal, render, type Values } from '../support/chart.ts';
import { mayReach, type Target } from '../support/network-policy.ts';
import { describeWith } from '../support/require-component.ts';
import { podsOf } from '../support/restricted.ts';
import { at, listAt, namedAt, namesAt, textAt } from '../support/tree.ts';

const FILE = 'ci/existing-minio-values.yaml';
const WEB: Target = { port: 443, ip: '128.2.13.5' };
const WAREHOUSE: Target = { port: 5432, ip: '10.20.1.10' };
const SOURCE: Target = { port: 5432, ip: '10.20.1.11' };
const API: Target = { port: 8080, ip: '10.20.4.4' };
const MAIL: Target = { port: 587, ip: '10.20.2.9' };

describeWith(helm, 'finance in the chart', () => {
  let objects: readonly KubeObject[] = [];
  beforeAll(async () => {
    objects = await render({ file: FILE, values: { events: { enabled: true } } });
  });

  const treeOf = (kind: string, name: string): unknown =>
    objects.find((each) => each.kind === kind && each.name === name)?.tree;
  const containerOf = (pipeline: string): unknown =>
    at(treeOf('WorkflowTemplate', pipeline), 'spec', 'templateDefaults', 'container');
  const reach = (pipeline: string, step: string, ...targets: Target[]): boolean[] => {
    const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
    const name = `WorkflowTemplate/${pipeline}/${step}`;
    const labels = objects.flatMap(podsOf).find((pod) => pod.name === name)?.labels;
    if (labels === undefined) throw new Error(`no pod ${name}`);
    return targets.map((target) => mayReach(policies, labels, target));
  };

  it('is off until somebody says which database it has', async () => {
    const names = (rendered: readonly KubeObject[]): string[] =>
      rendered.filter(({ kind }) => kind === 'WorkflowTemplate').map(({ name }) => name);
    expect(names(await render({ values: MINIMAL }))).toEqual(['csv-intake', 'fama-french']);
    const enabled: Values = { ...MINIMAL, pipelines: { finance: { enabled: true } } };
    expect(await refusal({ values: enabled })).toContain(
      'warehouse.existingSecret: pipelines.finance.warehouse is true',
    );
    expect(names(await render({ file: 'values-kind.yaml' }))).toContain('finance');
  });

  it('has the credentials of the database and of its sources, and csv-intake has none of them', () => {
    const finance = containerOf('finance');
    expect(at(namedAt(finance, 'ARGOSY_WAREHOUSE', 'env'), 'valueFrom', 'secretKeyRef')).toEqual({
      name: 'warehouse',
      key: 'url',
    });
    expect(at(finance, 'envFrom')).toEqual([{ secretRef: { name: 'finance-sources' } }]);
    const intake = containerOf('csv-intake');
    expect(namesAt(intake, 'env')).not.toContain('ARGOSY_WAREHOUSE');
    expect(at(intake, 'envFrom')).toBeUndefined();
    // Whoever tells how a run ended needs the way to tell it.
    for (const container of [finance, intake]) {
      expect(namesAt(container, 'env')).toEqual(
        expect.arrayContaining(['ARGOSY_NOTIFY_WEBHOOK_URL', 'ARGOSY_NOTIFY_SMTP_URL']),
      );
    }
  });

  it('lets only its extract step reach its sources, and its own steps the database', () => {
    expect(reach('finance', 'extract', WEB, SOURCE, API, WAREHOUSE)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    for (const step of ['transform', 'load', 'quality', 'process', 'exit']) {
      expect(reach('finance', step, SOURCE, API, WAREHOUSE)).toEqual([false, false, true]);
    }
    // A step of the same name, of another pipeline.
    expect(reach('fama-french', 'extract', WEB, SOURCE, API)).toEqual([false, false, false]);
    expect(reach('csv-intake', 'profile', WEB, SOURCE, API, WAREHOUSE)).toEqual(
      Array(4).fill(false),
    );
  });

  it('is looked at by a doctor of its own, who alone has address and way of the database', () => {
    const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
    // In that installation fama-french and market-data have the database as well.
    expect(objects.filter(({ kind }) => kind === 'Pod').map(({ name }) => name)).toEqual([
      'argosy-doctor',
      'argosy-doctor-fama-french',
      'argosy-doctor-finance',
      'argosy-doctor-market-data',
    ]);
    for (const [name, args, hasWay] of [
      ['argosy-doctor', ['doctor', 'csv-intake'], false],
      ['argosy-doctor-finance', ['doctor', 'finance'], true],
    ] as const) {
      const pod = objects.find((each) => each.kind === 'Pod' && each.name === name);
      const [container] = listAt(pod?.tree, 'spec', 'containers');
      expect(at(container, 'args')).toEqual(args);
      expect(namesAt(container, 'env').includes('ARGOSY_WAREHOUSE')).toBe(hasWay);
      expect(mayReach(policies, pod?.labels ?? {}, WAREHOUSE)).toBe(hasWay);
      expect(mayReach(policies, pod?.labels ?? {}, { port: 9000, ip: '10.20.0.5' })).toBe(true);
    }
  });

  it('opens no source database that nobody has named', async () => {
    objects = await render({ file: 'values-kind.yaml' });
    expect(reach('finance', 'extract', SOURCE, { port: 5432, ip: '8.8.8.8' })).toEqual([
      false,
      false,
    ]);
    objects = await render({ file: FILE, values: { events: { enabled: true } } });
  });

  it.each([
    [{ webhook: { enabled: true, existingSecret: 'notices' } }, [true, false, false]],
    [
      { smtp: { enabled: true, existingSecret: 'notices', from: 'a@b.c', to: ['d@e.f'] } },
      [false, true, true],
    ],
    [{}, [false, false, false]],
  ])('opens for notices by %j what they need, to exit steps alone', async (notify, expected) => {
    const before = objects;
    objects = await render({ values: { ...MINIMAL, notify } });
    const mail = { ...MAIL, ip: WEB.ip ?? '' };
    const targets = [WEB, mail, { ...mail, port: 25 }];
    expect(reach('csv-intake', 'exit', ...targets)).toEqual(expected);
    expect(reach('csv-intake', 'profile', ...targets)).toEqual([false, false, false]);
    objects = before;
  });

  it('is bound to its bucket, swept for uploads only, and scheduled at two', () => {
    const binding = treeOf('WorkflowEventBinding', 'finance-uploaded');
    expect(textAt(binding, 'spec', 'event', 'selector')).toContain('.name == "finance-raw"');
    const sweep = treeOf('CronWorkflow', 'finance-sweep');
    const given = listAt(sweep, 'spec', 'workflowSpec', 'arguments', 'parameters');
    expect(given).toContainEqual({ name: 'uploads', value: 'true' });
    expect(at(treeOf('CronWorkflow', 'finance'), 'spec', 'schedules')).toEqual(['0 2 * * *']);
  });

  it('is never late where it does not run by itself', async () => {
    const kind = await render({ file: 'values-kind.yaml' });
    expect(kind.filter((each) => each.kind === 'CronWorkflow').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['csv-intake', 'fama-french', 'finance-sweep']),
    );
    expect(kind.some((each) => each.kind === 'CronWorkflow' && each.name === 'finance')).toBe(
      false,
    );
    const config = kind.find((each) => each.name === 'argosy-prometheus')?.tree;
    const alerts: unknown = parse(textAt(config, 'data', 'alerts.yaml'));
    const rules = listAt(namedAt(alerts, 'argosy-periods', 'groups'), 'rules');
    const ofFinance = rules.filter((rule) => textAt(rule, 'labels', 'pipeline') === 'finance');
    expect(ofFinance.map((rule) => textAt(rule, 'record'))).toEqual([
      'argosy_pipeline_budget_usd_per_day',
    ]);
    const short: Values = { ...MINIMAL, pipelines: { finance: { periodSeconds: 5 } } };
    expect(await refusal({ values: short })).toContain('periodSeconds');
  });

  it('refuses its second bucket by the name of a setting, and a bucket it does not have', async () => {
    const settings = { ARGOSY_BUCKET_FINANCE_PROCESSED: 'elsewhere' };
    expect(await refusal({ values: { ...MINIMAL, settings } })).toContain(
      'settings.ARGOSY_BUCKET_FINANCE_PROCESSED: say pipelines.finance.sideBuckets.processed',
    );
    const pipelines = { finance: { sideBuckets: { other: 'elsewhere' } } };
    expect(await refusal({ values: { ...MINIMAL, pipelines } })).toContain(
      'pipelines.finance.sideBuckets.other: there is no such bucket',
    );
  });
});
