import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const FOLDER = join(import.meta.dirname, 'openlineage');
const EVENT = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What is wrong with an event by the published schemas: its own, and that of every facet in it. */
export function lineageFaults(): (event: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('uuid', UUID);
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  ajv.addFormat('uri', { validate: (text: string) => URL.canParse(text) });
  ajv.addSchema(read('OpenLineage.json'));
  for (const name of readdirSync(join(FOLDER, 'facets'))) ajv.addSchema(read(`facets/${name}`));
  const known = new Map<string, ValidateFunction>();
  const validator = (id: string): ValidateFunction => {
    // By its id, Ajv gives the whole file in place of the definition in it.
    const validate = known.get(id) ?? ajv.compile({ $ref: id });
    known.set(id, validate);
    return validate;
  };
  return (event) => {
    const faults: string[] = [];
    check(validator(EVENT), event, 'event');
    for (const [path, facet] of facetsIn(event, ''))
      check(validator(String(facet['_schemaURL'])), facet, path);
    return faults;

    function check(validate: ValidateFunction, value: unknown, path: string): void {
      if (validate(value)) return;
      for (const { instancePath, message } of validate.errors ?? [])
        faults.push(`${path}${instancePath}: ${message}`);
    }
  };
}

/** Everything that names a schema of its own. */
function* facetsIn(
  value: unknown,
  path: string,
): Generator<[path: string, facet: Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if ('_schemaURL' in value) yield [path, { ...value }];
  for (const [name, inner] of Object.entries(value)) yield* facetsIn(inner, `${path}/${name}`);
}

function read(name: string): object {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as object;
}
