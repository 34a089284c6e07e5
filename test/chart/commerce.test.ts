import { expect, it } from 'vitest';
import { helm, type KubeObject, MINIMAL, refusal, render, type Values } from '../support/chart.ts';
import { describeWith } from '../support/require-component.ts';
import { at, textAt } from '../support/tree.ts';

const schedulesOf = (objects: readonly KubeObject[]): Record<string, unknown> =>
  Object.fromEntries(
    objects
      .filter(({ kind, name }) => kind === 'CronWorkflow' && name.startsWith('commerce'))
      .map(({ name, tree }) => [name, at(tree, 'spec', 'schedules')]),
  );

/** Names of the environment that each step of commerce has. */
const stepVariables = (objects: readonly KubeObject[]): string[] => {
  const template = objects.find(
    ({ kind, name }) => kind === 'WorkflowTemplate' && name === 'commerce',
  );
  const env = at(template?.tree, 'spec', 'templateDefaults', 'container', 'env');
  return Array.isArray(env) ? env.map((one) => textAt(one, 'name')) : [];
};

describeWith(helm, 'commerce in the chart', () => {
  const values = (commerce: Values): Values => ({
    ...MINIMAL,
    events: { enabled: true },
    argo: { serverUrl: 'http://argo-server.argo:2746' },
    pipelines: { commerce: { enabled: true, ...commerce } },
  });

  it('has the daily run, the check of every six hours, the hourly page, the sweep, and what lands bound to its bucket', async () => {
    const objects = await render({ values: values({ bucket: 'shop' }) });
    expect(schedulesOf(objects)).toEqual({
      commerce: ['30 3 * * *'],
      'commerce-recheck': ['0 */6 * * *'],
      'commerce-dashboard': ['50 * * * *'],
      'commerce-sweep': ['7,37 * * * *'],
    });
    const binding = objects.find(
      ({ kind, name }) => kind === 'WorkflowEventBinding' && name === 'commerce-landed',
    );
    expect(textAt(binding?.tree, 'spec', 'event', 'selector')).toContain('.name == "shop"');
  });

  it('lines of its own are those of the daily run: the check and the page keep theirs', async () => {
    const schedule = { schedules: ['15 1 * * *'] };
    const objects = await render({ values: values({ schedule, event: { enabled: false } }) });
    expect(schedulesOf(objects)).toMatchObject({
      commerce: ['15 1 * * *'],
      'commerce-recheck': ['0 */6 * * *'],
      'commerce-dashboard': ['50 * * * *'],
    });
    expect(objects.some(({ name }) => name === 'commerce-landed')).toBe(false);
  });

  it('asks for a salt where identifiers are hashed, before a run would', async () => {
    const staging = { ...values({}), environment: 'staging' };
    expect(await refusal({ values: staging })).toContain('pipelines.commerce.existingSecret');
    const named = { ...values({ existingSecret: 'shop-salt' }), environment: 'staging' };
    expect(stepVariables(await render({ values: named }))).not.toContain('ARGOSY_PII_SALT');
    const mounted = { settings: { ARGOSY_PII_SALT_FILE: '/etc/salt/value' } };
    await render({ values: { ...staging, ...mounted } });
    const hasDev = { pipelines: { commerce: { enabled: true } } };
    const kind = await render({ file: 'values-kind.yaml', values: hasDev });
    expect(stepVariables(kind)).toContain('ARGOSY_PII_SALT');
    const secret = kind.find(({ kind: of, name }) => of === 'Secret' && name === 'argosy-dev');
    expect(textAt(secret?.tree, 'stringData', 'pii-salt')).toMatch(/^[A-Za-z0-9]{32}$/);
  });
});
