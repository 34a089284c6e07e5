import { execFile } from 'node:child_process';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { stepCatalogue } from '../../services/cli/commands/lint.ts';
import { lintFiles } from '../../services/runner/lint/set.ts';
import { argoSchema, schemaFaults } from '../support/argo-schema.ts';
import {
  CHART,
  helm,
  helmRun,
  INSTALLATIONS,
  type KubeObject,
  objectsOf,
} from '../support/chart.ts';
import { describeWith } from '../support/require-component.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { at, mapAt } from '../support/tree.ts';

const run = promisify(execFile);

/** A release is a Secret, which holds 1 MiB. */
const RELEASE_BYTES_MAX = 400 * 1024;

describeWith(helm, 'each installation', () => {
  describe.each(INSTALLATIONS)('%s', (file) => {
    let text = '';
    let objects: KubeObject[] = [];
    beforeAll(async () => {
      text = await helmRun('template', { file });
      objects = objectsOf(text);
    });

    it('passes helm lint --strict', async () => {
      expect(await helmRun('lint', { file })).toContain('1 chart(s) linted, 0 chart(s) failed');
    });

    it('renders objects that carry the labels, in the namespace or in one that was named', () => {
      expect(objects.length).toBeGreaterThan(8);
      for (const { kind, name, namespace, labels } of objects) {
        expect(labels, `${kind}/${name}`).toMatchObject({
          'app.kubernetes.io/name': 'argosy',
          'app.kubernetes.io/instance': 'argosy',
          'app.kubernetes.io/part-of': 'argosy',
          'app.kubernetes.io/managed-by': 'Helm',
          'helm.sh/chart': 'argosy-0.1.0',
        });
        expect(labels['app.kubernetes.io/component']).toMatch(/^[a-z-]+$/);
        const isDashboard = labels['app.kubernetes.io/component'] === 'dashboard';
        expect([...(isDashboard ? ['monitoring'] : []), 'data']).toContain(namespace);
      }
    });

    it('renders no two objects of one kind and name', () => {
      const names = objects.map(({ kind, name }) => `${kind}/${name}`);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    });

    it('is passed by argosy lint without a finding', async () => {
      const { findings, set } = lintFiles([{ file, text }], await stepCatalogue());
      expect(findings).toEqual([]);
      expect(set.documents.length).toBeGreaterThan(0);
    });

    it('leaves no tag of Helm, and every tag of Argo', () => {
      const template = objects.find(({ kind }) => kind === 'WorkflowTemplate');
      expect(JSON.stringify(at(template?.tree, 'spec'))).toContain('{{workflow.name}}');
      expect(text).not.toMatch(/\{\{-? *(?:include|\.Values|\.Release|toYaml)/);
      expect(text).not.toMatch(/<no value>|%!|map\[/);
    });
  });
});

describeWith(argoSchema, "each installation against Argo's JSON schema", (path) => {
  describeWith(helm, 'rendered by helm', () => {
    const faultsOf = schemaFaults(path);

    it.each(INSTALLATIONS)('%s holds valid objects only', async (file) => {
      const objects = objectsOf(await helmRun('template', { file }));
      const ours = objects.filter(({ apiVersion }) => apiVersion.startsWith('argoproj.io/'));
      expect(ours.length).toBeGreaterThan(0);
      for (const { tree } of ours) expect(faultsOf(withoutBudget(tree))).toEqual([]);
    });
  });
});

/** Argo's generator makes a text of every number-or-text; a budget has to be a number (helm/argosy/README.md, Remarks). */
function withoutBudget(tree: unknown): unknown {
  const { podDisruptionBudget, ...spec } = mapAt(tree, 'spec');
  const isNumber = at(podDisruptionBudget, 'minAvailable') === 9999;
  return isNumber ? { ...mapAt(tree), spec } : tree;
}

describeWith(helm, 'the package', (path) => {
  it('holds the workflows themselves, not the link to them, and renders the same', async () => {
    await using folder = await tempFolder();
    await run(path, ['package', CHART, '--destination', folder.path]);
    const [name = ''] = readdirSync(folder.path);
    await run('tar', ['-xzf', join(folder.path, name), '-C', folder.path]);
    const packed = join(folder.path, 'argosy', 'files', 'workflows', 'fama-french.yaml');
    expect(lstatSync(packed).isFile()).toBe(true);
    const values = join(CHART, 'ci/minimal-values.yaml');
    const options = ['--namespace', 'data', '--values', values];
    const both = await Promise.all(
      [CHART, join(folder.path, name)].map((chart) =>
        run(path, ['template', 'argosy', chart, ...options]),
      ),
    );
    expect(objectsOf(both[1]?.stdout ?? '')).toEqual(objectsOf(both[0]?.stdout ?? ''));
    expect(both[0]?.stdout).toContain('kind: WorkflowTemplate');
  });
});

it('the chart and its values stay far below what a release may hold', () => {
  const files = readdirSync(CHART, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/ci'))
    .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).size);
  const workflows = readdirSync(`${CHART}files/workflows`).map(
    (name) => statSync(`${CHART}files/workflows/${name}`).size,
  );
  const bytes = [...files, ...workflows].reduce((sum, size) => sum + size, 0);
  expect(files.length).toBeGreaterThan(15);
  expect(bytes).toBeLessThan(RELEASE_BYTES_MAX);
});
