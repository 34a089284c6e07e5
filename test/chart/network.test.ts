import { expect, it } from 'vitest';
import { helm, type KubeObject, MINIMAL, render, type RenderOptions } from '../support/chart.ts';
import { mayBeReached, mayReach, type Target } from '../support/network-policy.ts';
import { describeWith } from '../support/require-component.ts';
import { podsOf } from '../support/restricted.ts';

const DNS: Target = { port: 53, namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
const API: Target = { port: 6443, ip: '172.18.0.2' };
const MINIO: Target = { port: 9000, namespace: 'minio', labels: { app: 'minio' } };
const WEB: Target = { port: 443, ip: '128.2.13.5' };
const PLAIN_WEB: Target = { ...WEB, port: 80 };
const METADATA: Target = { port: 80, ip: '169.254.169.254' };
const NEIGHBOUR: Target = { port: 443, ip: '10.1.2.3' };
const DATABASE: Target = { port: 5432, ip: '10.20.1.10' };
const MAIL: Target = { port: 587, ip: '10.20.2.9' };

interface Net {
  /** Which of the targets a step of fama-french reaches. */
  reach: (step: string, ...targets: Target[]) => boolean[];
  policies: KubeObject[];
  labelsOf: (name: string) => Record<string, string>;
}

async function netOf(options: RenderOptions): Promise<Net> {
  const objects = await render(options);
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const pods = objects.flatMap(podsOf);
  const labelsOf = (name: string): Record<string, string> => {
    const pod = pods.find((each) => each.name === name);
    if (pod === undefined) throw new Error(`no pod ${name}`);
    return pod.labels;
  };
  const reach = (step: string, ...targets: Target[]): boolean[] => {
    const labels = labelsOf(`WorkflowTemplate/fama-french/${step}`);
    return targets.map((target) => mayReach(policies, labels, target));
  };
  return { reach, policies, labelsOf };
}

describeWith(helm, 'the network policies', () => {
  it('let a step reach names, the store and the API, and nothing else', async () => {
    const { reach } = await netOf({ values: MINIMAL });
    expect(reach('transform', DNS, MINIO, API)).toEqual([true, true, true]);
    expect(reach('transform', WEB, PLAIN_WEB, METADATA, DATABASE, MAIL)).toEqual(
      Array(5).fill(false),
    );
    const elsewhere = { ...MINIO, namespace: 'other' };
    const otherPort = { ...MINIO, port: 9001 };
    expect(reach('transform', elsewhere, otherPort)).toEqual([false, false]);
  });

  it('let fetch steps alone reach public addresses, by TLS', async () => {
    const { reach } = await netOf({ values: MINIMAL });
    expect(reach('fetch', WEB, PLAIN_WEB, METADATA)).toEqual([true, false, false]);
    const steps = ['fetch', 'extract', 'transform', 'catalogue', 'tables', 'exit'];
    expect(steps.filter((step) => reach(step, WEB)[0])).toEqual(['fetch']);
  });

  it('let no step of csv-intake reach more than names, the store, the API and the Pushgateway', async () => {
    const values = { ...MINIMAL, pushgateway: { url: 'http://gateway.monitoring.svc:9091' } };
    const { policies, labelsOf } = await netOf({ values });
    const gateway: Target = { port: 9091, namespace: 'monitoring', labels: { app: 'gateway' } };
    const all = [DNS, MINIO, API, gateway, WEB, PLAIN_WEB, METADATA, DATABASE, MAIL];
    for (const step of ['plan', 'profile', 'record', 'exit']) {
      const labels = labelsOf(`WorkflowTemplate/csv-intake/${step}`);
      expect(mayBeReached(policies, labels)).toBe(false);
      const reached = all.filter((target) => mayReach(policies, labels, target));
      expect(reached).toEqual([DNS, MINIO, API, gateway]);
    }
  });

  it('open the way to the lineage server to every step, and to nobody without one', async () => {
    const lineage = { url: 'http://marquez.lineage.svc:5000', existingSecret: 'lineage-key' };
    const { policies, labelsOf } = await netOf({ values: { ...MINIMAL, lineage } });
    const server: Target = { port: 5000, namespace: 'lineage', labels: { app: 'marquez' } };
    for (const step of ['fetch', 'exit'])
      expect(mayReach(policies, labelsOf(`WorkflowTemplate/fama-french/${step}`), server)).toBe(
        true,
      );
    const closed = await netOf({ values: MINIMAL });
    const labels = closed.labelsOf('WorkflowTemplate/fama-french/exit');
    expect(mayReach(closed.policies, labels, server)).toBe(false);
  });

  it('let nobody into a pod of a pipeline', async () => {
    const { policies, labelsOf } = await netOf({ values: MINIMAL });
    expect(mayBeReached(policies, labelsOf('WorkflowTemplate/fama-french/fetch'))).toBe(false);
    expect(mayBeReached(policies, labelsOf('Pod/argosy-doctor'))).toBe(false);
  });

  it('let the doctor and the setup reach the store, and not the API', async () => {
    const { policies, labelsOf } = await netOf({ file: 'ci/events-values.yaml' });
    const may = (name: string): boolean[] =>
      [MINIO, DNS, API, WEB].map((to) => mayReach(policies, labelsOf(name), to));
    expect(may('Pod/argosy-doctor')).toEqual([true, true, false, false]);
    expect(may('Job/argosy-setup')).toEqual([true, true, false, false]);
  });

  it('open the named addresses of a private store, database and mail server, each to whom it concerns', async () => {
    const { reach } = await netOf({ file: 'ci/existing-minio-values.yaml' });
    const store: Target = { port: 9000, ip: '10.20.0.5' };
    const gateway: Target = { port: 9091, namespace: 'monitoring', labels: { app: 'gateway' } };
    expect(reach('extract', store, DATABASE, gateway, MAIL)).toEqual([true, true, true, false]);
    expect(reach('exit', MAIL, { ...MAIL, port: 25 })).toEqual([true, true]);
    expect(reach('exit', { ...MAIL, port: 80 })).toEqual([false]);
    expect(reach('extract', { port: 9000, ip: '10.20.3.5' })).toEqual([false]);
  });

  it('open the database to nobody who does not use it', async () => {
    const { reach } = await netOf({ file: 'values-kind.yaml' });
    const database = {
      port: 5432,
      labels: {
        'app.kubernetes.io/name': 'argosy',
        'app.kubernetes.io/instance': 'argosy',
        'app.kubernetes.io/component': 'postgresql',
      },
    };
    expect(reach('tables', database)).toEqual([false]);
    const using = await netOf({
      file: 'values-kind.yaml',
      values: { pipelines: { 'fama-french': { warehouse: true } } },
    });
    expect(using.reach('tables', database)).toEqual([true]);
  });

  it('on AWS open public addresses at 443, and of the link-local ones that which hands out the credentials', async () => {
    const agent: Target = { port: 80, ip: '169.254.170.23' };
    const irsa = await netOf({ file: 'ci/eks-irsa-values.yaml' });
    expect(irsa.reach('transform', WEB, agent, METADATA)).toEqual([true, false, false]);
    const podIdentity = await netOf({ file: 'ci/eks-pod-identity-values.yaml' });
    expect(podIdentity.reach('transform', WEB, agent, METADATA)).toEqual([true, true, false]);
    const instance = await netOf({ file: 'ci/monitoring-operator-values.yaml' });
    expect(instance.reach('transform', WEB, agent, METADATA)).toEqual([true, false, true]);
  });

  it('narrow the API and the archive to what was named', async () => {
    const { reach } = await netOf({ file: 'ci/air-gapped-values.yaml' });
    const api: Target = { port: 6443, ip: '10.8.0.1' };
    const mirror: Target = { port: 443, ip: '10.9.1.4' };
    expect(reach('fetch', api, mirror, NEIGHBOUR, WEB)).toEqual([true, true, false, false]);
    expect(reach('transform', mirror)).toEqual([false]);
  });

  it.each([
    ['http://minio.minio.svc.cluster.local:9000', MINIO],
    ['http://10.20.0.7:9000', { port: 9000, ip: '10.20.0.7' }],
    ['http://minio:9000', { port: 9000, labels: { app: 'minio' } }],
    ['https://s3.example.com', WEB],
  ])('find the way to %s by its address', async (endpoint, target) => {
    const values = { store: { endpoint, existingSecret: 'a' } };
    const { reach } = await netOf({ values });
    expect(reach('transform', target)).toEqual([true]);
    expect(reach('transform', METADATA)).toEqual([false]);
  });

  it('can be left to the platform', async () => {
    const { policies } = await netOf({ file: 'ci/paused-values.yaml' });
    expect(policies).toEqual([]);
  });

  it('let fetch steps reach a source that the values name by its Service, and the sample, but no other pod', async () => {
    const mirror: Target = { port: 8080, namespace: 'mirror', labels: { app: 'mirror' } };
    const url = 'http://archive.mirror.svc:8080/six_portfolios_archive.html';
    const values = {
      ...MINIMAL,
      pipelines: { 'fama-french': { parameters: { 'archive-url': url } } },
    };
    const { reach } = await netOf({ values });
    expect(reach('fetch', mirror, WEB, { ...mirror, port: 80 })).toEqual([true, true, false]);
    expect(reach('extract', mirror)).toEqual([false]);
    const kind = await netOf({ file: 'values-kind.yaml' });
    const sample = { port: 8080, labels: kind.labelsOf('Deployment/argosy-sample') };
    expect(kind.reach('fetch', sample, mirror)).toEqual([true, false]);
    expect(kind.reach('transform', sample)).toEqual([false]);
  });

  it('take rules of ones own', async () => {
    const { reach } = await netOf({ file: 'ci/one-pipeline-values.yaml' });
    const proxy: Target = { port: 3128, ip: '10.20.9.9' };
    expect(reach('fetch', proxy)).toEqual([true]);
  });
});
