import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { promtoolProgram } from '../support/monitoring.ts';
import { describeWith } from '../support/require-component.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = join(ROOT, 'helm/argosy/files');
const CASES = join(ROOT, 'test/alerts/alerts.test.yaml');

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

interface Case {
  alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[];
}

const read = (path: string): unknown => parse(readFileSync(path, 'utf8'));
const { groups } = read(join(FILES, 'alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { tests } = read(CASES) as { tests: Case[] };

describe('each alert', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s has a severity, a summary, a next command and a runbook that is there',
    (alert, { labels, annotations }) => {
      expect(alert).toMatch(/^Argosy[A-Z]\w+$/);
      expect(['warning', 'critical']).toContain(labels['severity']);
      expect(annotations['summary']).toContain('{{ $labels.pipeline }}');
      expect(annotations['description']).toMatch(
        /Next: .*argosy status\s+\{\{ \$labels\.pipeline \}\}/,
      );
      const runbook = basename(new URL(annotations['runbook_url'] ?? '').pathname);
      expect(runbook).toBe(`${alert}.md`);
      const text = readFileSync(join(ROOT, 'docs/runbooks', runbook), 'utf8');
      expect(text.match(/^#+ .*$/gm)).toEqual([
        `# ${alert}`,
        '## Meaning',
        '## Impact',
        '## Diagnosis',
        '## Mitigation',
      ]);
    },
  );

  it('has no runbook too many, and stands in docs/metrics.md', () => {
    const names = rules.map(({ alert }) => alert);
    const runbooks = readdirSync(join(ROOT, 'docs/runbooks'));
    expect(runbooks.toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
    const listed = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8').match(/^\| (Argosy\w+)/gm);
    expect(listed?.map((cell) => cell.slice(2)).toSorted()).toEqual(names.toSorted());
  });

  it.each(rules.map(({ alert }) => alert))(
    '%s has a case that fires and one that stays quiet',
    (alert) => {
      const own = tests.flatMap((test) =>
        test.alert_rule_test.filter((one) => one.alertname === alert),
      );
      const fires = own.some(({ exp_alerts: alerts = [] }) => alerts.length > 0);
      const isQuiet = own.some(({ exp_alerts: alerts = [] }) => alerts.length === 0);
      expect({ fires, isQuiet }).toEqual({ fires: true, isQuiet: true });
    },
  );
});

describeWith(promtoolProgram(), 'promtool', (promtool) => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it('finds no fault in the rules', () => {
    for (const name of ['alerts.yaml', 'periods.yaml']) {
      expect(run('check', 'rules', '--lint=all', '--lint-fatal', join(FILES, name))).toMatchObject({
        status: 0,
      });
    }
  });

  it('sees each alert fire and stay quiet as the cases say', () => {
    expect(run('test', 'rules', CASES)).toMatchObject({ status: 0 });
  });
});
