import { beforeAll, describe, expect, it } from 'vitest';
import { helm, INSTALLATIONS, type KubeObject, MINIMAL, render } from '../support/chart.ts';
import { describeWith } from '../support/require-component.ts';
import { podsOf, restrictedFaults } from '../support/restricted.ts';
import { at, listAt, mapAt, namedAt, textAt } from '../support/tree.ts';

/** Everything that may be done in Kubernetes, by role: a change of this table is a change of what may be done. */
const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  'argosy-executor': ['argoproj.io/workflowtaskresults: create patch'],
  'argosy-events': [
    'argoproj.io/workfloweventbindings argoproj.io/workflowtemplates: get list',
    'argoproj.io/workflows: create',
  ],
  'argosy-wake': ['argoproj.io/cronworkflows: patch', 'argoproj.io/workflowtemplates: get'],
  'argosy-submitter': [
    'argoproj.io/workflowtemplates argoproj.io/cronworkflows: get list',
    'argoproj.io/workflows: create get list watch patch',
    '/pods/log: get',
  ],
};

describeWith(helm, 'the security of the chart', () => {
  describe.each(INSTALLATIONS)('%s', (file) => {
    let objects: KubeObject[] = [];
    beforeAll(async () => {
      objects = await render({ file });
    });

    it('makes only pods that Pod Security `restricted` admits', () => {
      const pods = objects.flatMap(podsOf);
      expect(pods.length).toBeGreaterThanOrEqual(6);
      expect(pods.flatMap(restrictedFaults)).toEqual([]);
    });

    it('gives no pod the default account', () => {
      // The small servers have one that may nothing and no token of it.
      const pods = objects.flatMap(podsOf).filter(({ name }) => !name.startsWith('Deployment/'));
      const accounts = new Set(pods.map(({ spec }) => textAt(spec, 'serviceAccountName')));
      expect(accounts.size).toBeGreaterThan(0);
      for (const account of accounts) expect(account).toMatch(/^[a-z-]+-(?:step|wake)$/);
    });

    it('gives each role the rights of the golden list and no others', () => {
      const roles = objects.filter(({ kind }) => kind.endsWith('Role'));
      const golden = Object.entries(RIGHTS).map(([name, rights]) => ['Role', name, rights]);
      const found = roles.map(({ kind, name, tree }) => [
        kind,
        name.replace(/^french-/, 'argosy-'),
        listAt(tree, 'rules').map(rightsText),
      ]);
      expect(found.length).toBeGreaterThan(0);
      expect(golden).toEqual(expect.arrayContaining(found));
    });

    it('binds each role to one account or to those that were named', () => {
      for (const { tree } of objects.filter(({ kind }) => kind === 'RoleBinding')) {
        expect(textAt(tree, 'roleRef', 'name')).toBe(textAt(tree, 'metadata', 'name'));
        for (const subject of listAt(tree, 'subjects')) {
          expect(textAt(subject, 'name')).toMatch(
            /-executor$|-events$|-wake$|^data-engineers$|^ci$/,
          );
        }
      }
    });

    it('mounts no token in an account', () => {
      const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
      expect(accounts.length).toBeGreaterThan(0);
      const mounting = accounts.filter(
        ({ tree }) => at(tree, 'automountServiceAccountToken') !== false,
      );
      expect(mounting).toEqual([]);
    });

    it('holds no secret but tokens that Kubernetes fills in and those of the small servers', () => {
      const secrets = objects.filter(({ kind }) => kind === 'Secret');
      const full = secrets.filter(
        ({ tree }) =>
          textAt(tree, 'type') !== 'kubernetes.io/service-account-token' ||
          at(tree, 'data') !== undefined ||
          at(tree, 'stringData') !== undefined,
      );
      expect(full.map(({ name }) => name)).toEqual(
        file === 'values-kind.yaml' ? ['argosy-dev'] : [],
      );
      const maps = objects.filter(({ kind }) => kind === 'ConfigMap');
      expect(maps.length).toBeGreaterThan(0);
      for (const { tree } of maps) {
        expect(JSON.stringify(at(tree, 'data'))).not.toMatch(
          /AWS_SECRET|:\/\/[^/\s"]+:[^/\s"]+@|hooks\.slack|password: \S/i,
        );
      }
    });

    it("gives Argo's container in each pod an account, a role and a token", () => {
      const template = objects.find(({ kind }) => kind === 'WorkflowTemplate');
      const account = textAt(template?.tree, 'spec', 'executor', 'serviceAccountName');
      const named = (kind: string, name: string): boolean =>
        objects.some((object) => object.kind === kind && object.name === name);
      expect(named('ServiceAccount', account)).toBe(true);
      expect(named('Secret', `${account}.service-account-token`)).toBe(true);
      const isBound = objects.some(
        ({ kind, tree }) => kind === 'RoleBinding' && namedAt(tree, account, 'subjects'),
      );
      expect(isBound).toBe(true);
    });
  });

  it('a pod that is not restricted is found', async () => {
    const { values } = {
      values: { ...MINIMAL, workflow: { extraEnv: [{ name: 'A', value: 'b' }] } },
    };
    const [pod] = (await render({ values })).flatMap(podsOf);
    const spec = mapAt(pod?.spec);
    const faults = (change: Record<string, unknown>): string[] =>
      restrictedFaults({ name: 'a', labels: {}, spec: { ...spec, ...change } });
    expect(faults({})).toEqual([]);
    expect(faults({ securityContext: {} })).toEqual([
      'a: may run as root',
      'a: names no user',
      'a: has no seccomp profile',
    ]);
    expect(faults({ automountServiceAccountToken: true })).toEqual(['a: mounts a token']);
    expect(faults({ hostPID: true, volumes: [{ name: 'x', hostPath: { path: '/' } }] })).toEqual([
      'a: shares the node',
      'a: mounts of the node',
    ]);
    expect(faults({ containers: [{ name: 'main' }] })).toHaveLength(5);
  });

  it('the executor of the platform team is taken when the chart makes none', async () => {
    const account = { create: false, name: 'platform' };
    const objects = await render({
      values: { ...MINIMAL, serviceAccounts: { executor: account }, rbac: { create: false } },
    });
    expect(objects.some(({ kind }) => kind.startsWith('Role') || kind === 'Secret')).toBe(false);
    const template = objects.find(({ kind }) => kind === 'WorkflowTemplate');
    expect(textAt(template?.tree, 'spec', 'executor', 'serviceAccountName')).toBe('platform');
  });
});

function rightsText(rule: unknown): string {
  const groups = listAt(rule, 'apiGroups').map((group) => textAt(group));
  expect(listAt(rule, 'resources')).not.toContain('*');
  expect(listAt(rule, 'verbs')).not.toContain('*');
  const things = groups.flatMap((group) =>
    listAt(rule, 'resources').map((resource) => `${group}/${textAt(resource)}`),
  );
  return `${things.join(' ')}: ${listAt(rule, 'verbs').join(' ')}`;
}
