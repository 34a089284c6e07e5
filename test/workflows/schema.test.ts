import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { describeWith } from '../support/require-component.ts';

const SCHEMA = fileURLToPath(
  new URL('../../../shared/argo/workflow-schema-v4.1.2.json', import.meta.url),
);
const WORKFLOWS = fileURLToPath(new URL('../../workflows/', import.meta.url));

const schema = {
  name: "Argo's JSON schema",
  path: existsSync(SCHEMA) ? SCHEMA : null,
  howToGet: 'it lies in ../shared/argo',
};

describeWith(schema, "workflows/ against Argo v4.1.2's JSON schema", (path) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const isValid = ajv.compile(JSON.parse(readFileSync(path, 'utf8')));

  it.each(readdirSync(WORKFLOWS))('%s is valid, document by document', (name) => {
    for (const document of parseAllDocuments(readFileSync(WORKFLOWS + name, 'utf8'))) {
      isValid(document.toJS());
      expect(isValid.errors ?? []).toEqual([]);
    }
  });

  it('a field of the wrong type is found', () => {
    const [document] = parseAllDocuments(readFileSync(`${WORKFLOWS}fama-french.yaml`, 'utf8'));
    const workflow = document?.toJS() as { spec: Record<string, unknown> };
    workflow.spec['entrypoint'] = 7;
    expect(isValid(workflow)).toBe(false);
  });
});
