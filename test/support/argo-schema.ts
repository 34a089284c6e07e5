import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Component } from './require-component.ts';

const PATH = fileURLToPath(
  new URL('../../../shared/argo/workflow-schema-v4.1.2.json', import.meta.url),
);

/** Argo v4.1.2's JSON schema, which lies beside the repository and not in it. */
export const argoSchema: Component = {
  name: "Argo's JSON schema",
  path: existsSync(PATH) ? PATH : null,
  howToGet: 'it lies in ../shared/argo',
};

/** What the schema at this path has against an object; empty for a valid one. */
export function schemaFaults(path: string): (object: unknown) => ErrorObject[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const isValid = ajv.compile(JSON.parse(readFileSync(path, 'utf8')));
  return (object) => (isValid(object) ? [] : (isValid.errors ?? []));
}
