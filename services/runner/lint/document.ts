import type { Report } from './report.ts';
import type { LintScene } from './walk.ts';
import type { LoadedBinding, LoadedDocument } from '../load.ts';

const API_VERSION = 'argoproj.io/v1alpha1';
/** A DNS subdomain, as Kubernetes wants the names of objects; `generateName` may end with a dash. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
const PREFIX = /^[a-z0-9][-a-z0-9.]*$/;

/** What the cluster asks of an object before it looks at its spec: version, kind and name. */
export function lintDocuments({ set }: LintScene, report: Report): void {
  for (const document of set.documents) lintObject(document, document.kind === 'Workflow', report);
  for (const binding of set.bindings) lintObject(binding, false, report);
  for (const document of set.others) {
    if (!/^(?:(?:Cluster)?Workflow\w*|CronWorkflow)?List$/.test(document.kind)) continue;
    const message = `a ${document.kind} is not looked into`;
    report({ document, path: 'kind' }, 'list-kind', message);
  }
}

function lintObject(
  document: LoadedDocument | LoadedBinding,
  canBeGenerated: boolean,
  report: Report,
): void {
  const { apiVersion = '', metadata } = document;
  if (apiVersion !== API_VERSION) {
    const found = apiVersion === '' ? 'there is none' : `not ${apiVersion}`;
    report(
      { document, path: 'apiVersion' },
      'api-version',
      `apiVersion must be ${API_VERSION}, ${found}`,
    );
  }
  const { name, generateName } = metadata;
  if (name !== undefined) {
    if (NAME.test(name)) return;
    report({ document, path: 'metadata.name' }, 'object-name', `no object can be called "${name}"`);
  } else if (!canBeGenerated || generateName === undefined) {
    report({ document, path: 'metadata' }, 'object-name', 'metadata has no name');
  } else if (!PREFIX.test(generateName)) {
    const message = `no object's name can begin with "${generateName}"`;
    report({ document, path: 'metadata.generateName' }, 'object-name', message);
  }
}
