import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../services/cli/config/config.ts';
import { cli } from '../support/cli.ts';
import { describeWith, findProgram } from '../support/require-component.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILE = join(ROOT, 'docker-compose.yml');
const execute = promisify(execFile);

interface Service {
  image: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
  healthcheck?: unknown;
  depends_on?: Record<string, { condition: string }>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  configs?: { source: string; target: string }[];
}

interface Compose {
  services: Record<string, Service>;
  configs: Record<string, { content: string }>;
  volumes: Record<string, unknown>;
}

let compose: Compose;
let own: [string, Service][];
let foreign: [string, Service][];
beforeAll(async () => {
  compose = parse(await readFile(FILE, 'utf8'), { merge: true }) as Compose;
  const all = Object.entries(compose.services);
  own = all.filter(([, { build }]) => build !== undefined);
  foreign = all.filter(([, { build }]) => build === undefined);
});

/** With the defaults that stand behind `:-`. */
function interpolated(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}

describe('docker-compose.yml', () => {
  it('pins every image of others by tag and digest', () => {
    expect(foreign.map(([name]) => name).toSorted()).toEqual([
      'grafana',
      'minio',
      'postgresql',
      'prometheus',
      'pushgateway',
    ]);
    for (const [, { image }] of foreign) {
      expect(image).toMatch(/^[a-z.]+\/[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
      expect(image).not.toContain(':latest');
    }
  });

  it('gives each of them a health check and a volume, and opens ports on 127.0.0.1 only', () => {
    for (const [name, { healthcheck, volumes = [], ports = [] }] of foreign) {
      expect([name, healthcheck]).toEqual([name, expect.anything()]);
      expect(volumes[0]).toMatch(new RegExp(`^${name}:/`));
      expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    }
    expect(own.flatMap(([, { ports = [] }]) => ports)).toEqual([]);
  });

  it('waits only for what says that it is healthy, or that ends', () => {
    for (const { depends_on: waits = {} } of Object.values(compose.services)) {
      for (const [name, { condition }] of Object.entries(waits)) {
        const isServer = compose.services[name]?.healthcheck !== undefined;
        const wanted = isServer ? 'service_healthy' : 'service_completed_successfully';
        expect([name, condition]).toEqual([name, wanted]);
      }
    }
  });

  it('holds argosy to what a restricted pod is held to', () => {
    expect(own.map(([name]) => name).toSorted()).toEqual([
      'argosy',
      'intake',
      'sample',
      'setup',
      'uploads',
    ]);
    for (const [, service] of own) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
  });

  it('calls commands that there are, with settings that there are', async () => {
    await using home = await tempFolder();
    for (const [, { command = [], environment = {} }] of own) {
      const env = Object.fromEntries(
        Object.entries(environment).map(([name, text]) => [name, interpolated(text)]),
      );
      const config = readConfig({ flags: {}, env, dotenvText: undefined, cwd: home.path });
      expect(config.store).toMatchObject({ kind: 's3' });
      expect(config.warehouse).toMatchObject({ kind: 'postgres' });
      expect(config.s3.endpoint).toBe('http://minio:9000');
      expect(await cli([...command, '--help'], { cwd: home.path })).toMatchObject({ exitCode: 0 });
    }
  });

  it('mounts only files that are in the repository, and configs that it has', () => {
    const mounted = foreign.flatMap(([, { volumes = [] }]) => volumes);
    const paths = mounted.map((volume) => volume.split(':')[0] ?? '');
    for (const path of paths.filter((one) => one.startsWith('./'))) {
      expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
    }
    const named = paths.filter((one) => !one.startsWith('./'));
    expect([...named, 'argosy'].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    const sources = foreign.flatMap(([, { configs = [] }]) => configs.map(({ source }) => source));
    expect(sources.toSorted()).toEqual(Object.keys(compose.configs).toSorted());
  });

  it('shows in Grafana the dashboards of the chart, from the Prometheus that is there', () => {
    const sources = parse(compose.configs['grafana-datasources']?.content ?? '');
    expect(sources.datasources).toMatchObject([
      { type: 'prometheus', url: 'http://prometheus:9090', isDefault: true },
    ]);
    const { providers } = parse(compose.configs['grafana-dashboards']?.content ?? '');
    const { volumes = [] } = compose.services['grafana'] ?? {};
    expect(volumes).toContain(`./helm/argosy/files/dashboards:${providers[0].options.path}:ro`);
  });
});

const promtool = findProgram('promtool', 'PROMTOOL_BIN', 'apt-get install prometheus');
describeWith(promtool, 'the Prometheus of docker-compose.yml', (program) => {
  it('has a configuration that promtool takes, with the alert rules of the chart', async () => {
    await using folder = await tempFolder();
    const rules = join(folder.path, 'rules');
    await mkdir(rules);
    for (const volume of compose.services['prometheus']?.volumes ?? []) {
      const [from = '', to = ''] = volume.split(':');
      if (from.startsWith('./'))
        await cp(join(ROOT, from), join(rules, to.split('/').at(-1) ?? ''));
    }
    const text = compose.configs['prometheus']?.content.replace('/etc/prometheus/rules', rules);
    const file = join(folder.path, 'prometheus.yml');
    await writeFile(file, text ?? '');
    const { stdout } = await execute(program, ['check', 'config', file]);
    expect(stdout).toContain('SUCCESS: 2 rule files found');
    expect(stdout.match(/SUCCESS: [1-9]\d* rules found/g)).toHaveLength(2);
  });
});

const composeSpec = findProgram(
  'compose-spec',
  'COMPOSE_SPEC_BIN',
  'bin/install-components.sh builds it',
);
describeWith(composeSpec, "Docker Compose's own loader", (program) => {
  const load = async (file: string): Promise<Compose> => {
    const options = { cwd: ROOT, env: { PATH: process.env['PATH'] ?? '' } };
    const { stdout } = await execute(program, ['-format', 'json', file], options);
    return JSON.parse(stdout) as Compose;
  };

  it('takes docker-compose.yml as it is', async () => {
    const { services } = await load(FILE);
    expect(Object.keys(services).toSorted()).toEqual(Object.keys(compose.services).toSorted());
    expect(services['argosy']?.environment?.['AWS_ACCESS_KEY_ID']).toBe('minio-dev');
  });

  it('would refuse it with a key that does not exist', async () => {
    await using folder = await tempFolder();
    const wrong = (await readFile(FILE, 'utf8')).replace('healthcheck:', 'healthchek:');
    const file = join(folder.path, 'docker-compose.yml');
    await writeFile(file, wrong);
    await expect(load(file)).rejects.toThrow('healthchek');
  });
});
