import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { WINGS } from '../../services/cli/commands.ts';
import { CHART, helm, MINIMAL, refusal, render, type Values } from '../support/chart.ts';
import { describeWith } from '../support/require-component.ts';
import { at, mapAt } from '../support/tree.ts';

const README_SCRIPT = fileURLToPath(new URL('../../bin/chart-readme.mjs', import.meta.url));

const french = (values: Values): Values => ({ pipelines: { 'fama-french': values } });

/** Values that cannot be meant, and the key that has to be named. */
const WRONG: readonly (readonly [key: string, values: Values])[] = [
  ['stoer', { stoer: {} }],
  ['fullnameOverride', { fullnameOverride: 'data.team' }],
  ['fullnameOverride', { fullnameOverride: 'a'.repeat(41) }],
  ['regoin', { store: { regoin: 'x' } }],
  ['endpoint', { store: { endpoint: 'minio:9000' } }],
  ['endpoint', { store: { endpoint: 'http://key:secret@minio:9000' } }],
  ['region', { store: { region: 7 } }],
  ['pathStyle', { store: { pathStyle: 'yes' } }],
  ['identity', { store: { identity: 'root' } }],
  ['roleArn', { store: { roleArn: 'argosy-step' } }],
  ['existingSecret', { store: { existingSecret: 'Not A Name' } }],
  ['accessKeyId', { store: { existingSecretKeys: { accessKeyId: '' } } }],
  ['secretAccessKey', { store: { secretAccessKey: 'hunter2' } }],
  ['engine', { engine: 'athena' }],
  ['url', { pushgateway: { url: 'pushgateway:9091' } }],
  ['url', { warehouse: { url: 'postgres://u:p@db/x' } }],
  ['ARGOSY_WAREHOUSE', { settings: { ARGOSY_WAREHOUSE: 'postgres://u:p@db/x' } }],
  ['AWS_SECRET_ACCESS_KEY', { settings: { AWS_SECRET_ACCESS_KEY: 'hunter2' } }],
  ['topics', { notify: { topics: ['weather'] } }],
  ['to', { notify: { smtp: { to: ['nobody'] } } }],
  ['topicArn', { notify: { sns: { topicArn: 'arn:aws:sqs:us-east-1:1:x' } } }],
  ['level', { log: { level: 'loud' } }],
  ['tag', { image: { tag: 'a b' } }],
  ['digest', { image: { digest: 'sha256:12' } }],
  ['pullPolicy', { image: { pullPolicy: 'Sometimes' } }],
  ['imagePullSecrets', { imagePullSecrets: ['registry'] }],
  ['step', { serviceAccounts: { step: { automount: true } } }],
  ['subjects', { rbac: { submitter: { subjects: [{ kind: 'Robot', name: 'x' }] } } }],
  ['cpu', { workflow: { resources: { requests: { cpu: 'lots' } } } }],
  ['requests', { workflow: { resources: { requests: { gpu: 1 } } } }],
  ['extraEnv', { workflow: { extraEnv: [{ name: 'DB_PASSWORD', value: 'hunter2' }] } }],
  ['extraEnv', { workflow: { extraEnv: [{ name: 'ARGOSY_STORE', value: 'file:/tmp/x' }] } }],
  ['effect', { workflow: { tolerations: [{ key: 'a', effect: 'Never' }] } }],
  ['secondsAfterSuccess', { workflow: { ttlStrategy: { secondsAfterSuccess: '1d' } } }],
  ['market-dat', { pipelines: { 'market-dat': { enabled: true } } }],
  ['bucket', french({ bucket: 'Dartmouth_ETL' })],
  ['image', french({ parameters: { image: 'mine' } })],
  ['schedules', french({ schedule: { schedules: ['every day'] } })],
  ['schedules', french({ schedule: { schedules: ['0 6 * *'] } })],
  ['schedule', french({ schedule: { schedule: '0 6 * * *' } })],
  ['timezone', french({ schedule: { timezone: 'New York' } })],
  ['timeout', french({ steps: { fetch: { timeout: '15 minutes' } } })],
  ['periodSeconds', french({ periodSeconds: '1d' })],
  ['budgetUsdPerDay', french({ budgetUsdPerDay: -1 })],
  ['webhookArn', { setup: { webhookArn: 'ARGO' } }],
  ['cidrs', { networkPolicy: { store: { cidrs: ['10.0.0.0'] } } }],
  ['cidrs', { networkPolicy: { fetch: { cidrs: ['10.0.0.0/33'] } } }],
  ['ports', { networkPolicy: { store: { ports: [70_000] } } }],
  ['interval', { monitoring: { podMonitor: { interval: 'often' } } }],
  ['image', { dev: { minio: { image: 'minio' } } }],
  ['serverUrl', { argo: { serverUrl: 'argo-server:2746' } }],
];

describe('values.schema.json', () => {
  const schema: object = JSON.parse(readFileSync(`${CHART}values.schema.json`, 'utf8'));
  const isValid = new Ajv({ strict: false, allErrors: true }).compile(schema);

  it.each(WRONG)('refuses a wrong %s: %j', (key, values) => {
    expect(isValid(values)).toBe(false);
    const told = (isValid.errors ?? []).map(({ instancePath, params, propertyName }) =>
      [instancePath, at(params, 'additionalProperty'), at(params, 'propertyName'), propertyName]
        .join('/')
        .split('/'),
    );
    expect(told.flat()).toContain(key);
  });

  it('knows each key of values.yaml, and takes what stands there', () => {
    const values: unknown = parse(readFileSync(`${CHART}values.yaml`, 'utf8'));
    isValid(values);
    expect(isValid.errors ?? []).toEqual([]);
    expect(unknownKeys(values, schema, schema)).toEqual([]);
  });
});

it('the values have each pipeline that is built, and no other', () => {
  const values: unknown = parse(readFileSync(`${CHART}values.yaml`, 'utf8'));
  const schema: unknown = JSON.parse(readFileSync(`${CHART}values.schema.json`, 'utf8'));
  const known = mapAt(schema, 'properties', 'pipelines', 'properties');
  expect(Object.keys(mapAt(values, 'pipelines'))).toEqual(Object.keys(WINGS));
  expect(Object.keys(known)).toEqual(Object.keys(WINGS));
});

/** Keys of the schema that values.yaml does not have: each has its default there, where it is explained. */
function unknownKeys(values: unknown, schema: unknown, root: object, path = ''): string[] {
  const name = at(schema, '$ref');
  const node =
    typeof name === 'string' ? at(root, 'definitions', name.split('/').at(-1) ?? '') : schema;
  const known = mapAt(values);
  return Object.entries(mapAt(node, 'properties')).flatMap(([key, child]) => {
    if (key === 'global') return [];
    if (!(key in known)) return [`${path}${key}`];
    const inner = known[key];
    const isMap = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    const isFree = isMap && Object.keys(inner).length === 0;
    return isMap && !isFree && !key.endsWith('resources')
      ? unknownKeys(inner, child, root, `${path}${key}.`)
      : [];
  });
}

describe('the README of the chart', () => {
  it('lists every key of values.yaml with its meaning and default', () => {
    const check = spawnSync(process.execPath, [README_SCRIPT, '--check'], { encoding: 'utf8' });
    expect(check.stderr).toBe('');
    expect(check.status).toBe(0);
    const readme = readFileSync(`${CHART}README.md`, 'utf8');
    const rows = [...readme.matchAll(/^\| `([\w.-]+)` \| (.*) \| .* ?\|$/gm)];
    expect(rows.length).toBeGreaterThan(150);
    expect(rows.filter(([, , meaning]) => meaning === '').map(([, key]) => key)).toEqual([]);
    const values: unknown = parse(readFileSync(`${CHART}values.yaml`, 'utf8'));
    const listed = new Set(rows.map(([, path]) => path));
    expect(Object.keys(mapAt(values)).filter((key) => !listed.has(key))).toEqual([]);
  });
});

describeWith(helm, 'helm refuses, before anything is created,', () => {
  it('what the schema does not know, naming the keys', async () => {
    const told = await refusal({
      values: { ...MINIMAL, engine: 'spark', stoer: {}, log: { level: 'loud' } },
    });
    expect(told).toContain('engine');
    expect(told).toContain('stoer');
    expect(told).toContain('log/level');
  });

  const keys = { endpoint: 'http://minio:9000', existingSecret: 'a' };
  it.each<[key: string, values: Values]>([
    ['store.existingSecret', {}],
    ['store.existingSecret', { store: { endpoint: 'http://minio:9000' } }],
    ['store.roleArn', { store: { identity: 'irsa' } }],
    [
      'store.identity',
      { store: { ...keys, identity: 'irsa', roleArn: 'arn:aws:iam::111122223333:role/a' } },
    ],
    [
      'pipelines.fama-french.store.roleArn',
      { store: keys, ...french({ store: { roleArn: 'arn:aws:iam::111122223333:role/a' } }) },
    ],
    ['warehouse.existingSecret', { store: keys, ...french({ warehouse: true }) }],
    ['notify.webhook.existingSecret', { store: keys, notify: { webhook: { enabled: true } } }],
    ['notify.smtp.existingSecret', { store: keys, notify: { smtp: { enabled: true } } }],
    [
      'notify.smtp.from',
      { store: keys, notify: { smtp: { enabled: true, existingSecret: 'b', to: ['a@b.c'] } } },
    ],
    [
      'notify.smtp.to',
      { store: keys, notify: { smtp: { enabled: true, existingSecret: 'b', from: 'a@b.c' } } },
    ],
    [
      'settings.ARGOSY_BUCKET_FAMA_FRENCH: say pipelines.fama-french.bucket instead',
      { store: keys, settings: { ARGOSY_BUCKET_FAMA_FRENCH: 'my-bucket' } },
    ],
    ['setup.enabled', { store: { identity: 'instance' }, setup: { enabled: true } }],
    ['rbac.submitter.subjects', { store: keys, rbac: { submitter: { enabled: true } } }],
    [
      'monitoring.serviceMonitor.selector',
      { store: keys, monitoring: { serviceMonitor: { enabled: true } } },
    ],
    [
      'pipelines.fama-french.parameters.min-yaer',
      { store: keys, ...french({ parameters: { 'min-yaer': 2020 } }) },
    ],
    [
      'pipelines.fama-french.parameters.force',
      { store: keys, ...french({ parameters: { force: 'perhaps' } }) },
    ],
    [
      'pipelines.fama-french.steps.fecth',
      { store: keys, ...french({ steps: { fecth: { timeout: '1m' } } }) },
    ],
  ])('values that lack or misspell %s', async (key, values) => {
    const told = await refusal({ values });
    expect(told).toMatch(/^Error: execution error/m);
    expect(told).toContain(`${key}: `);
  });

  it('nothing of an installation that turns every pipeline off', async () => {
    const off = { 'fama-french': { enabled: false }, 'csv-intake': { enabled: false } };
    const objects = await render({ values: { store: keys, pipelines: off } });
    expect(objects.filter(({ apiVersion }) => apiVersion.startsWith('argoproj.io/'))).toEqual([]);
    expect(objects.some(({ kind }) => kind === 'ConfigMap')).toBe(true);
  });
});
