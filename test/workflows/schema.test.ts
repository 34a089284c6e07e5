import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { argoSchema, schemaFaults } from '../support/argo-schema.ts';
import { describeWith } from '../support/require-component.ts';
import { mapAt } from '../support/tree.ts';

const WORKFLOWS = fileURLToPath(new URL('../../workflows/', import.meta.url));

describeWith(argoSchema, "workflows/ against Argo v4.1.2's JSON schema", (path) => {
  const faultsOf = schemaFaults(path);

  it.each(readdirSync(WORKFLOWS))('%s is valid, document by document', (name) => {
    const documents = parseAllDocuments(readFileSync(WORKFLOWS + name, 'utf8'));
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) expect(faultsOf(document.toJS())).toEqual([]);
  });

  it('a field of the wrong type is found', () => {
    const [document] = parseAllDocuments(readFileSync(`${WORKFLOWS}fama-french.yaml`, 'utf8'));
    const workflow: unknown = document?.toJS();
    const broken = { ...mapAt(workflow), spec: { ...mapAt(workflow, 'spec'), entrypoint: 7 } };
    expect(faultsOf(broken)).not.toEqual([]);
  });
});
