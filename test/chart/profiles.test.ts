import { readdirSync } from 'node:fs';
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { CHART, helm, type KubeObject, MINIMAL, objectOf, render } from '../support/chart.ts';
import { describeWith } from '../support/require-component.ts';
import { at, listAt, mapAt, namedAt, namesAt, textAt } from '../support/tree.ts';

const template = (objects: readonly KubeObject[]): unknown =>
  objectOf(objects, 'WorkflowTemplate', 'fama-french').tree;
const containerOf = (tree: unknown): unknown => at(tree, 'spec', 'templateDefaults', 'container');
const stepOf = (tree: unknown, step: string): unknown => namedAt(tree, step, 'spec', 'templates');
const parameterOf = (tree: unknown, name: string): string =>
  textAt(namedAt(tree, name, 'spec', 'arguments', 'parameters'), 'value');
const kindsOf = (objects: readonly KubeObject[]): string[] => [
  ...new Set(objects.map(({ kind }) => kind)),
];

describeWith(helm, 'the profiles', () => {
  it('give kind and EKS the same workflow but for credentials, nodes and sizes', async () => {
    const [kind, eks] = await Promise.all(
      ['values-kind.yaml', 'values-eks.yaml'].map(async (file) =>
        template(await render({ file, values: { image: { registry: 'r.example', tag: 'a' } } })),
      ),
    );
    expect(differences(at(kind, 'spec'), at(eks, 'spec'))).toEqual([
      'archiveLogs',
      'nodeSelector',
      'podMetadata.annotations',
      'templateDefaults.container.env',
      'templateDefaults.container.resources.requests.cpu',
      'tolerations',
      'ttlStrategy.secondsAfterFailure',
    ]);
  });

  it('run small servers on kind, and none anywhere else', async () => {
    const kind = await render({ file: 'values-kind.yaml' });
    const servers = kind.filter((object) => object.kind === 'Deployment').map(({ name }) => name);
    expect(servers.toSorted()).toEqual(
      ['grafana', 'minio', 'postgresql', 'prometheus', 'pushgateway', 'sample'].map(
        (name) => `argosy-${name}`,
      ),
    );
    const eks = await render({ file: 'values-eks.yaml' });
    expect(kindsOf(eks)).not.toContain('Deployment');
    expect(eks.some(({ name }) => name === 'argosy-dev')).toBe(false);
  });

  it('print no kind that the cluster does not know', async () => {
    const monitoring = ['ServiceMonitor', 'PodMonitor', 'PrometheusRule'];
    const file = 'values-eks.yaml';
    expect(kindsOf(await render({ file }))).toEqual(expect.arrayContaining(monitoring));
    const without = kindsOf(await render({ file, hasOperator: false }));
    expect(without.filter((kind) => monitoring.includes(kind))).toEqual([]);
    expect(kindsOf(await render({ values: MINIMAL }))).not.toEqual(
      expect.arrayContaining(['PrometheusRule']),
    );
  });

  it('load the same alerts in kind as for the operator, with the period of each pipeline', async () => {
    const kind = await render({ file: 'values-kind.yaml' });
    const config = objectOf(kind, 'ConfigMap', 'argosy-prometheus').tree;
    // In kind there is a database, which finance asks for.
    const values = {
      pipelines: { finance: { enabled: true, periodSeconds: 0 } },
      warehouse: { existingSecret: 'warehouse' },
    };
    const eks = await render({ file: 'values-eks.yaml', values });
    const rule = objectOf(eks, 'PrometheusRule', 'argosy');
    const loaded: unknown = parse(textAt(config, 'data', 'alerts.yaml'));
    expect(loaded).toEqual(at(rule.tree, 'spec'));
    const periods = namedAt(loaded, 'argosy-periods', 'groups');
    expect(at(periods, 'rules')).toContainEqual({
      record: 'argosy_pipeline_period_seconds',
      expr: 'vector(86400)',
      labels: { pipeline: 'fama-french' },
    });
    expect(JSON.stringify(loaded)).toContain('{{ $labels.pipeline }}');
  });

  it('take period, budget, labels and runbooks of the alerts from the values', async () => {
    const objects = await render({
      file: 'ci/monitoring-operator-values.yaml',
      values: {
        pipelines: { 'fama-french': { budgetUsdPerDay: 0.25 } },
        monitoring: { prometheusRule: { runbookBaseUrl: 'https://wiki.example/runbooks/' } },
      },
    });
    const { tree } = objectOf(objects, 'PrometheusRule', 'argosy');
    const periods = namedAt(tree, 'argosy-periods', 'spec', 'groups');
    const own = listAt(periods, 'rules').filter(
      (rule) => textAt(rule, 'labels', 'pipeline') === 'fama-french',
    );
    expect(own.map((rule) => textAt(rule, 'expr'))).toEqual(['vector(172800)', 'vector(0.25)']);
    const alerts = listAt(namedAt(tree, 'argosy', 'spec', 'groups'), 'rules');
    expect(alerts.length).toBeGreaterThan(3);
    for (const alert of alerts) {
      expect(textAt(alert, 'labels', 'team')).toBe('data');
      expect(textAt(alert, 'annotations', 'runbook_url')).toBe(
        `https://wiki.example/runbooks/${textAt(alert, 'alert')}.md`,
      );
    }
  });

  it('print each dashboard as a ConfigMap with the label that Grafana looks for', async () => {
    const names = readdirSync(`${CHART}files/dashboards`).filter((name) => name.endsWith('.json'));
    expect(names.length).toBeGreaterThan(2);
    const objects = await render({ file: 'ci/monitoring-operator-values.yaml' });
    const maps = objects.filter(({ labels }) => labels['grafana_dashboard'] === '1');
    expect(maps.flatMap(({ tree }) => Object.keys(mapAt(tree, 'data'))).toSorted()).toEqual(
      names.toSorted(),
    );
    for (const { tree, namespace, annotations } of maps) {
      expect(namespace).toBe('monitoring');
      expect(annotations['grafana_folder']).toBe('Pipelines');
      const [json = ''] = Object.values(mapAt(tree, 'data')).map(String);
      expect(JSON.parse(json)).toHaveProperty('uid');
    }
  });

  it('mount every dashboard into the Grafana of kind, in its own namespace', async () => {
    const objects = await render({ file: 'values-kind.yaml' });
    const grafana = objectOf(objects, 'Deployment', 'argosy-grafana').tree;
    const volume = namedAt(grafana, 'dashboards', 'spec', 'template', 'spec', 'volumes');
    const mounted = namesAtConfigMap(volume);
    const dashboards = objects.filter(({ labels }) => labels['grafana_dashboard']);
    expect(mounted.toSorted()).toEqual(dashboards.map(({ name }) => name).toSorted());
    expect(dashboards.every(({ namespace }) => namespace === 'data')).toBe(true);
  });

  it('pin every image by a tag that is no latest', async () => {
    const objects = await render({ file: 'values-kind.yaml' });
    const images = objects
      .flatMap(({ tree }) => listAt(tree, 'spec', 'template', 'spec', 'containers'))
      .map((container) => textAt(container, 'image'));
    expect(images.length).toBeGreaterThan(5);
    for (const image of images) {
      expect(image).toMatch(/:(?!latest)[\w.-]+(@sha256:[0-9a-f]{64})?$/);
    }
  });
});

describeWith(helm, 'the values reach the workflow:', () => {
  it('image, parameters, accounts, settings and Secrets', async () => {
    const objects = await render({ file: 'ci/existing-minio-values.yaml' });
    const tree = template(objects);
    const env = (name: string): unknown => namedAt(containerOf(tree), name, 'env');
    expect(at(env('AWS_ACCESS_KEY_ID'), 'valueFrom', 'secretKeyRef')).toEqual({
      name: 'minio-credentials',
      key: 'rootUser',
    });
    expect(at(env('ARGOSY_WAREHOUSE'), 'valueFrom', 'secretKeyRef')).toEqual({
      name: 'warehouse',
      key: 'url',
    });
    expect(textAt(env('ARGOSY_NOTIFY_SMTP_URL'), 'valueFrom', 'secretKeyRef', 'key')).toBe('smtp');
    expect(mapAt(objectOf(objects, 'ConfigMap', 'argosy').tree, 'data')).toEqual({
      ARGOSY_STORE: 's3:',
      ARGOSY_ENGINE: 'duckdb',
      ARGOSY_ENVIRONMENT: 'production',
      ARGOSY_LOG_LEVEL: 'info',
      ARGOSY_LOG_FORMAT: 'json',
      ARGOSY_S3_ENDPOINT: 'https://minio.corp.example:9000',
      ARGOSY_S3_REGION: 'eu-central-1',
      ARGOSY_S3_PATH_STYLE: 'true',
      ARGOSY_PUSHGATEWAY_URL: 'http://pushgateway.monitoring.svc:9091',
      ARGOSY_NOTIFY_TOPICS: 'pipeline,quality',
      ARGOSY_NOTIFY_MAIL_FROM: 'argosy@corp.example',
      ARGOSY_NOTIFY_MAIL_TO: 'data@corp.example,night@corp.example',
      ARGOSY_BUCKET_FAMA_FRENCH: 'dartmouth-etl',
      ARGOSY_BUCKET_FINANCE: 'finance-raw',
      ARGOSY_BUCKET_FINANCE_PROCESSED: 'finance-clean',
      NODE_EXTRA_CA_CERTS: '/etc/argosy/ca.crt',
    });
    expect(namesAt(tree, 'spec', 'volumes')).toEqual(['tmp', 'trusted-ca']);
    expect(namesAt(containerOf(tree), 'volumeMounts')).toEqual(['tmp', 'trusted-ca']);
  });

  it('what one pipeline and one step say over what holds for all', async () => {
    const tree = template(await render({ file: 'ci/one-pipeline-values.yaml' }));
    expect(at(containerOf(tree), 'resources')).toEqual({
      requests: { cpu: '500m', memory: '512Mi' },
      limits: { memory: '2Gi' },
    });
    expect(at(stepOf(tree, 'transform'), 'container', 'resources', 'limits', 'memory')).toBe('4Gi');
    expect(at(stepOf(tree, 'transform'), 'timeout')).toBe('30m');
    expect(at(stepOf(tree, 'transform'), 'pendingTimeout')).toBe('1h');
    expect(at(stepOf(tree, 'fetch'), 'timeout')).toBeUndefined();
    expect(parameterOf(tree, 'min-year')).toBe('2020');
    expect(parameterOf(tree, 'force')).toBe('false');
    expect(at(tree, 'spec', 'podDisruptionBudget')).toEqual({ minAvailable: 9999 });
    expect(at(tree, 'spec', 'ttlStrategy')).toEqual({
      secondsAfterSuccess: 3600,
      secondsAfterFailure: 604_800,
    });
    expect(at(tree, 'spec', 'podMetadata', 'labels')).toMatchObject({
      'corp.example/owner': 'research',
      team: 'research',
      'argosy.dev/pipeline': 'fama-french',
    });
    const sources = listAt(containerOf(tree), 'envFrom');
    expect(sources).toEqual([{ secretRef: { name: 'french-environment' } }]);
  });

  it('the settings in full, so that a run keeps those that it began with', async () => {
    const objects = await render({ file: 'ci/existing-minio-values.yaml' });
    const settings = mapAt(objectOf(objects, 'ConfigMap', 'argosy').tree, 'data');
    const variables = listAt(containerOf(template(objects)), 'env').map((one) => [
      textAt(one, 'name'),
      at(one, 'value'),
    ]);
    expect(Object.keys(settings).length).toBeGreaterThan(5);
    for (const setting of Object.entries(settings)) expect(variables).toContainEqual(setting);
    expect(JSON.stringify(containerOf(template(objects)))).not.toContain('configMapRef');
  });

  it('the image by digest from a private registry, with the Secret to pull it', async () => {
    const tree = template(await render({ file: 'ci/air-gapped-values.yaml' }));
    const image = /^registry\.corp\.example\/mirror\/data\/argosy@sha256:/;
    expect(textAt(containerOf(tree), 'image')).toMatch(image);
    expect(at(tree, 'spec', 'imagePullSecrets')).toEqual([{ name: 'corp-registry' }]);
    expect(at(containerOf(tree), 'imagePullPolicy')).toBe('Always');
  });

  it('the image to every step, and to nobody who submits', async () => {
    const tree = template(await render({ file: 'values-eks.yaml' }));
    const leaves = listAt(tree, 'spec', 'templates').filter((each) => at(each, 'container'));
    const images = new Set(leaves.map((leaf) => textAt(leaf, 'container', 'image')));
    expect([...images]).toEqual(['111122223333.dkr.ecr.us-east-1.amazonaws.com/argosy:0.1.0']);
    expect(namesAt(tree, 'spec', 'arguments', 'parameters')).not.toContain('image');
    expect(JSON.stringify(tree)).not.toContain('workflow.parameters.image');
  });

  it('a role for all pipelines, or an account of its own', async () => {
    const irsa = await render({ file: 'ci/eks-irsa-values.yaml' });
    const { annotations } = objectOf(irsa, 'ServiceAccount', 'argosy-step');
    expect(annotations['eks.amazonaws.com/role-arn']).toBe(
      'arn:aws:iam::111122223333:role/argosy-step',
    );
    expect(namesAt(containerOf(template(irsa)), 'env')).not.toContain('AWS_ACCESS_KEY_ID');
    const pod = await render({ file: 'ci/eks-pod-identity-values.yaml' });
    expect(objectOf(pod, 'ServiceAccount', 'fama-french-step').annotations).toEqual({});
    expect(at(template(pod), 'spec', 'serviceAccountName')).toBe('fama-french-step');
  });

  it('schedules, time zone, pause, and the crons that are not wanted', async () => {
    const pod = await render({ file: 'ci/eks-pod-identity-values.yaml' });
    const { tree } = objectOf(pod, 'CronWorkflow', 'fama-french');
    expect(at(tree, 'spec', 'schedules')).toEqual(['0 22 * * 1-5', '0 12 * * 6']);
    expect(at(tree, 'spec', 'timezone')).toBe('America/New_York');
    const paused = await render({ file: 'ci/paused-values.yaml' });
    const suspended = paused.filter(({ kind }) => kind === 'CronWorkflow');
    expect(suspended).toHaveLength(4);
    for (const cron of suspended) expect(at(cron.tree, 'spec', 'suspend')).toBe(true);
    expect(kindsOf(paused)).not.toContain('WorkflowEventBinding');
    const events = await render({ file: 'ci/events-values.yaml' });
    const crons = events.filter(({ kind }) => kind === 'CronWorkflow').map(({ name }) => name);
    expect(crons.toSorted()).toEqual(['csv-intake-sweep', 'fama-french-sweep']);
  });

  it("the bucket into the binding, and the controller's instance onto every object of Argo", async () => {
    const events = await render({ file: 'ci/events-values.yaml' });
    const { tree } = objectOf(events, 'WorkflowEventBinding', 'fama-french-landed');
    expect(textAt(tree, 'spec', 'event', 'selector')).toContain('.name == "dartmouth-etl"');
    const intake = objectOf(events, 'WorkflowEventBinding', 'csv-intake-uploaded').tree;
    expect(textAt(intake, 'spec', 'event', 'selector')).toContain('.name == "inbox"');
    const argos = events.filter(({ apiVersion }) => apiVersion.startsWith('argoproj.io/'));
    expect(argos).toHaveLength(6);
    for (const { labels } of argos) {
      expect(labels['workflows.argoproj.io/controller-instanceid']).toBe('batch');
    }
  });

  it('the webhook of the small store, with a token that is in no manifest', async () => {
    const objects = await render({ file: 'values-kind.yaml' });
    const { tree } = objectOf(objects, 'Deployment', 'argosy-minio');
    const [server] = listAt(tree, 'spec', 'template', 'spec', 'containers');
    const value = (name: string): string =>
      textAt(namedAt(server, `MINIO_NOTIFY_WEBHOOK_${name}_ARGO`, 'env'), 'value');
    expect(value('ENDPOINT')).toBe('http://argo-server.argo.svc:2746/api/v1/events/data/minio');
    expect(value('AUTH_TOKEN')).toBe('Bearer $(ARGO_TOKEN)');
    expect(value('QUEUE_DIR')).toBe('/data/.notifications');
    const job = objectOf(objects, 'Job', 'argosy-setup').tree;
    const [setup] = listAt(job, 'spec', 'template', 'spec', 'containers');
    expect(at(setup, 'args')).toEqual([
      'setup',
      'csv-intake',
      'fama-french',
      'finance',
      '--webhook',
      'arn:minio:sqs::ARGO:webhook',
    ]);
  });

  it('a release of another name, whose objects do not collide with the first', async () => {
    const first = await render({ values: MINIMAL });
    const second = await render({ values: MINIMAL, release: 'night' });
    const names = (objects: readonly KubeObject[]): string[] =>
      objects
        .filter(({ apiVersion }) => !apiVersion.startsWith('argoproj'))
        .map(({ name }) => name);
    expect(names(second).filter((name) => names(first).includes(name))).toEqual([]);
    expect(at(template(second), 'spec', 'serviceAccountName')).toBe('night-argosy-step');
  });
});

function namesAtConfigMap(volume: unknown): string[] {
  return listAt(volume, 'projected', 'sources').map((source) =>
    textAt(source, 'configMap', 'name'),
  );
}

/** Paths at which two trees differ; lists are compared as a whole. */
function differences(one: unknown, other: unknown, path = ''): string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  const isMap = (tree: unknown): boolean =>
    typeof tree === 'object' && tree !== null && !Array.isArray(tree);
  if (!isMap(one) || !isMap(other)) return [path];
  const keys = [...new Set([...Object.keys(mapAt(one)), ...Object.keys(mapAt(other))])].toSorted();
  return keys.flatMap((key) =>
    differences(at(one, key), at(other, key), path === '' ? key : `${path}.${key}`),
  );
}
