import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { findProgram } from './require-component.ts';
import { textAt, textsAt } from './tree.ts';

const run = promisify(execFile);

export const CHART = fileURLToPath(new URL('../../helm/argosy/', import.meta.url));

export const helm = findProgram('helm', 'HELM_BIN', 'bin/install-components.sh builds it');

/** A rendered object. */
export interface KubeObject {
  kind: string;
  apiVersion: string;
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** The object as it is (test/support/tree.ts reads it). */
  tree: unknown;
}

/** The values files that somebody installs with: the profiles, and ci/. */
export const INSTALLATIONS: readonly string[] = [
  'values-kind.yaml',
  'values-eks.yaml',
  ...readdirSync(`${CHART}ci`)
    .filter((name) => name.endsWith('-values.yaml'))
    .map((name) => `ci/${name}`),
];

/** The smallest values that are not refused. */
export const MINIMAL: Values = parse(readFileSync(`${CHART}ci/minimal-values.yaml`, 'utf8'));

export type Values = { readonly [key: string]: unknown };

export interface RenderOptions {
  /** A file of the chart's folder. */
  file?: string;
  /** Values laid over the file. */
  values?: Values;
  /** Whether the cluster has the Prometheus operator's kinds. */
  hasOperator?: boolean;
  release?: string;
}

/** `helm template`; throws what it refuses. */
export async function render(options: RenderOptions): Promise<KubeObject[]> {
  return objectsOf(await helmRun('template', options));
}

/** What `helm template` says of values that it must refuse; fails when it takes them. */
export async function refusal(options: RenderOptions): Promise<string> {
  try {
    await helmRun('template', options);
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr);
  }
  throw new Error('the values were taken');
}

/** The rendered text. */
export async function helmRun(
  command: 'template' | 'lint',
  { file, values, hasOperator = true, release = 'argosy' }: RenderOptions,
): Promise<string> {
  const common = file === undefined ? [] : ['--values', `${CHART}${file}`];
  const more = values === undefined ? [] : ['--values', '-'];
  const apis = hasOperator ? ['--api-versions', 'monitoring.coreos.com/v1'] : [];
  const parts =
    command === 'lint'
      ? ['lint', '--strict', CHART]
      : ['template', release, CHART, '--namespace', 'data', ...apis];
  const child = run(helm.path ?? 'helm', [...parts, ...common, ...more], {
    maxBuffer: 16 * 2 ** 20,
  });
  child.child.stdin?.end(values === undefined ? '' : stringify(values));
  return (await child).stdout;
}

export function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter((tree) => tree !== null)
    .map((tree) => ({
      kind: textAt(tree, 'kind'),
      apiVersion: textAt(tree, 'apiVersion'),
      name: textAt(tree, 'metadata', 'name'),
      namespace: textAt(tree, 'metadata', 'namespace'),
      labels: textsAt(tree, 'metadata', 'labels'),
      annotations: textsAt(tree, 'metadata', 'annotations'),
      tree,
    }));
}

/** The one object of this kind and name. */
export function objectOf(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.filter((object) => object.kind === kind && object.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} of ${kind} ${name}`);
  return found[0];
}
