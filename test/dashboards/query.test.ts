import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cli, type CliEnd } from '../support/cli.ts';
import {
  type MonitoringServer,
  prometheusProgram,
  pushgatewayProgram,
  query,
  queryUntil,
  startPrometheus,
  startPushgateway,
} from '../support/monitoring.ts';
import { describeWith } from '../support/require-component.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { dashboardQueries } from './dashboard.ts';

const FILES = fileURLToPath(new URL('../../helm/argosy/files/', import.meta.url));
const DASHBOARDS = join(FILES, 'dashboards');
const LAST_SUCCESS = 'argosy_pipeline_last_success_timestamp_seconds{pipeline="fama-french"}';
const LAST_STATUS = 'argosy_pipeline_last_run_status{pipeline="fama-french"}';

/** What Argo's controller v4.1.2 said on a Kubernetes 1.34, some families of it. */
const ARGO_METRICS = readFileSync(fileURLToPath(new URL('argo-controller.prom', import.meta.url)));

const namesOf = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.json'));

describeWith(prometheusProgram(), 'a real Prometheus', (prometheus) => {
  describeWith(pushgatewayProgram(), 'behind a real Pushgateway', (pushgateway) => {
    let home: TempFolder;
    let gateway: MonitoringServer;
    let argo: Server;
    let server: MonitoringServer;
    let runs: CliEnd[];
    let successes: number[];

    beforeAll(async () => {
      home = await tempFolder();
      gateway = await startPushgateway(pushgateway);
      argo = createServer((_request, response) => response.end(ARGO_METRICS));
      await new Promise<void>((resolve) => argo.listen(0, '127.0.0.1', resolve));
      const argoUrl = `http://127.0.0.1:${(argo.address() as AddressInfo).port}`;
      server = await startPrometheus(prometheus, {
        targets: [gateway.url, argoUrl],
        ruleFiles: [join(FILES, 'alerts.yaml'), join(FILES, 'periods.yaml')],
      });
      ({ runs, successes } = await threeRuns());
    }, 120_000);
    afterAll(async () => {
      await server?.stop();
      await gateway?.stop();
      argo?.close();
      await home?.remove();
    });

    /** A good run, a failing one and a good one, each waited for until Prometheus knows of it. */
    async function threeRuns() {
      const env = { ARGOSY_PUSHGATEWAY_URL: gateway.url };
      const found = { runs: [] as CliEnd[], successes: [] as number[] };
      for (const [at, extra] of [[], ['-p', 'archive-url=file:gone'], []].entries()) {
        const argv = ['run', 'fama-french', '--sample', ...extra];
        found.runs.push(await cli(argv, { cwd: home.path, env }));
        const expr = 'sum(argosy_runs_total{pipeline="fama-french"})';
        const accepts = (result: { value: number }[]) => result[0]?.value === at + 1;
        await queryUntil(server.url, { expr, accepts });
        found.successes.push((await query(server.url, LAST_SUCCESS))[0]?.value ?? Number.NaN);
        const [status] = await query(server.url, LAST_STATUS);
        expect(status?.value).toBe(extra.length > 0 ? 0 : 1);
      }
      return found;
    }

    it('a failed run leaves the last success where it was, and the next good run moves it', () => {
      expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 23, 0]);
      const [first, second, third] = successes;
      expect(second).toBe(first);
      expect(third).toBeGreaterThan(first ?? Number.NaN);
    });

    it('counts runs by how they ended, whatever was pushed last', async () => {
      expect(await query(server.url, 'argosy_runs_total{status="success"}')).toMatchObject([
        { value: 2 },
      ]);
      expect(await query(server.url, 'argosy_runs_total{status="failed"}')).toMatchObject([
        { value: 1 },
      ]);
    });

    it('has one status of each step, and it is that of the last run', async () => {
      await queryUntil(server.url, {
        expr: 'argosy_step_last_status{step="fetch"}',
        accepts: (result) => result.length === 1 && result[0]?.value === 1,
      });
      const history = await query(
        server.url,
        'min_over_time(argosy_step_last_status{step="fetch"}[10m])',
      );
      expect(history).toMatchObject([{ value: 0 }]);
    });

    it.each(namesOf(DASHBOARDS))(
      'every query of %s parses and has a result',
      async (name) => {
        const queries = dashboardQueries(readFileSync(join(DASHBOARDS, name), 'utf8'));
        expect(queries.length).toBeGreaterThan(8);
        const empty: string[] = [];
        for (const { title, expr } of queries) {
          const accepts = (result: { value: number }[]) =>
            result.length > 0 && result.every(({ value }) => !Number.isNaN(value));
          await queryUntil(server.url, { expr, accepts }).catch((error: unknown) => {
            empty.push(`${title}: ${String(error)}`);
          });
        }
        expect(empty).toEqual([]);
      },
      120_000,
    );

    it('evaluates every alert rule, and those that should fire do', async () => {
      const reply = await fetch(`${server.url}/api/v1/rules`);
      const { data } = (await reply.json()) as {
        data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
      };
      const rules = data.groups.flatMap((group) => group.rules);
      const written = parse(readFileSync(join(FILES, 'alerts.yaml'), 'utf8')) as {
        groups: { rules: { alert: string }[] }[];
      };
      const alerts = written.groups.flatMap((group) => group.rules.map(({ alert }) => alert));
      expect(rules.map(({ name }) => name)).toEqual(expect.arrayContaining(alerts));
      expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
      // The sample holds one link that answers 404 and three ZIPs that cannot be read.
      await queryUntil(server.url, {
        expr: 'ALERTS{alertname="ArgosyQualityCheckFailed",alertstate="firing"}',
        accepts: (result) => result.length > 0,
      });
    });
  });
});
