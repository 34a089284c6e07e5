import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { Pipeline } from '../services/ports/step.ts';
import { floorPlanFaults } from './support/floor-plan.ts';
import type { SourceFile } from './support/floor-plan.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function sources(): SourceFile[] {
  return readdirSync(join(ROOT, 'services'), { recursive: true })
    .map((name) => `services/${String(name).replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

describe('services/', () => {
  it('keeps to its floor plan', () => {
    const files = sources();
    expect(files.length).toBeGreaterThan(30);
    expect(floorPlanFaults(files)).toEqual([]);
  });
});

const faultOf = (path: string, text: string): string[] =>
  floorPlanFaults([{ path: `services/${path}`, text }]);

describe('the floor plan finds', () => {
  it.each([
    ['core/key.ts', `import { a } from '../ports/clock.ts';`, 'core must not import'],
    ['core/key.ts', `import type { A } from '../ports/clock.ts';`, 'core must not import'],
    ['ports/clock.ts', `import { a } from '../adapters/clock/system.ts';`, 'ports must not import'],
    ['layers/retry.ts', `export { a } from '../stages/a.ts';`, 'layers must not import'],
    ['adapters/clock/x.ts', `import { a } from '../../stages/land/a.ts';`, 'adapters must not'],
    ['stages/land/a.ts', `import { a } from '../../adapters/clock/x.ts';`, 'stages must not'],
    ['stages/land/a.ts', `const a = await import('../../pipelines/p/a.ts');`, 'stages must not'],
    ['pipelines/p/a.ts', `import { a } from '../../adapters/clock/x.ts';`, 'pipelines must not'],
    ['pipelines/p/a.ts', `import { a } from '../q/a.ts';`, 'one pipeline must not import another'],
    [
      'runner/load.ts',
      `import {\n  a,\n} from '../cli/config/config.ts';`,
      'runner must not import',
    ],
    ['runner/load.ts', `import { a } from '../telemetry/log.ts';`, 'runner must not import'],
    ['telemetry/log.ts', `import { a } from '../adapters/clock/x.ts';`, 'telemetry must not'],
    ['sample/a.ts', `import { a } from '../ports/clock.ts';`, 'sample must not import'],
    ['cli/main.ts', `import { a } from '../adapters/clock/x.ts';`, 'only cli/wire/ imports'],
    ['core/key.ts', `import 'left-pad';`, 'imports left-pad, which the floor plan does not know'],
    ['stages/shape/a.ts', `await import('@aws-sdk/client-s3');`, 'belongs in adapters/'],
    ['pipelines/p/a.ts', `import { z } from 'zod';`, 'belongs in cli/config'],
    ['cli/main.ts', `import winston from 'winston';`, 'belongs in telemetry/'],
    ['cli/run/emit-metrics.ts', `import { a } from 'prom-client';`, 'belongs in telemetry/'],
    ['pipelines/other/a.ts', `import { parse } from 'node-html-parser';`, 'belongs in'],
    ['stages/land/a.ts', `const now = Date.now();`, 'reads the machine'],
    ['stages/land/a.ts', `const now = new Date();`, 'reads the machine'],
    ['layers/retry.ts', `const n = Math.random();`, 'reads the machine'],
    ['runner/expression.ts', `eval('1');`, 'runs text as code'],
    ['runner/expression.ts', `new Function('1');`, 'runs text as code'],
    ['pipelines/p/a.ts', `const a = process.env['A'];`, 'reads the environment'],
    ['core/a.ts', `export default 1;`, 'has a default export'],
    ['core/a.ts', `try { a(); } catch (error) { }`, 'has an empty catch'],
    ['core/a.ts', `try { a(); } catch {}`, 'has an empty catch'],
    ['core/a.ts', `try { a(); } catch { /* why */ }`, 'has an empty catch'],
    ['core/utils.ts', '', 'has a name that says nothing'],
    ['stages/helpers/a.ts', '', 'has a name that says nothing'],
    ['core/myFile.ts', '', 'is not named in kebab-case'],
    ['core/index.ts', '', 'only a pipeline has an index.ts'],
    ['attic/a.ts', '', 'is in no known room'],
  ])('in %s: %s', (path, text, fault) => {
    expect(faultOf(path, text)).toEqual([expect.stringContaining(fault)]);
  });

  it('a file of more than 300 lines', () => {
    expect(faultOf('core/a.ts', 'a;\n'.repeat(300))).toEqual([]);
    expect(faultOf('core/a.ts', 'a;\n'.repeat(301))).toEqual([
      'services/core/a.ts: has 301 lines, above 300',
    ]);
  });

  it('a circle of imports, wherever one enters it', () => {
    const files = ['a', 'b', 'c'].map((name, at, names) => ({
      path: `services/core/${name}.ts`,
      text: `import { x } from './${names[(at + 1) % 3]}.ts';`,
    }));
    expect(floorPlanFaults(files)).toEqual([expect.stringContaining('imports itself')]);
  });
});

describe('the floor plan allows', () => {
  it.each([
    ['cli/wire/wire.ts', `import { a } from '../../adapters/clock/system.ts';`],
    ['cli/wire/source.ts', `import { a } from '../../adapters/source/http.ts';`],
    ['adapters/clock/system.ts', `const now = new Date();`],
    ['stages/land/a.ts', `const at = new Date(text);\n// Date.now() is not used\n/* eval(x) */`],
    ['pipelines/p/index.ts', `import { a } from './a.ts';\nimport { b } from '../../core/b.ts';`],
    ['core/a.ts', `const url = 'https://a.test/x'; // import { a } from '../cli/b.ts'`],
    ['cli/run/emit-metrics.ts', `import type { Registry } from 'prom-client';`],
    ['core/a.ts', `import { readFileSync } from 'node:fs';`],
  ])('in %s: %s', (path, text) => {
    expect(faultOf(path, text)).toEqual([]);
  });

  it('types that point at each other', () => {
    const files = [
      { path: 'services/core/a.ts', text: `import type { B } from './b.ts';` },
      { path: 'services/core/b.ts', text: `import type { A } from './a.ts';` },
    ];
    expect(floorPlanFaults(files)).toEqual([]);
  });
});

interface Template {
  container?: { args?: unknown[] };
}

/** The steps that the containers of a workflow file call, as `pipeline step`. */
function calledSteps(name: string): string[] {
  const text = readFileSync(join(ROOT, 'workflows', `${name}.yaml`), 'utf8');
  const { spec } = parse(text) as { spec: { templates: Template[] } };
  const calls = spec.templates.flatMap(({ container }) => {
    const args = container?.args ?? [];
    return args[0] === 'step' ? [`${String(args[1])} ${String(args[2])}`] : [];
  });
  return [...new Set(calls)].toSorted();
}

async function pipelineOf(name: string): Promise<Pipeline> {
  const path = join(ROOT, 'services/pipelines', name, 'index.ts');
  const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const found = Object.values(exported).find(
    (value) => typeof value === 'object' && value !== null && 'steps' in value,
  );
  return found as Pipeline;
}

const PIPELINES = readdirSync(join(ROOT, 'services/pipelines'));

describe.each(PIPELINES)('the pipeline %s', (name) => {
  it('has the steps that its workflow calls, and no others', async () => {
    const pipeline = await pipelineOf(name);
    expect(pipeline.name).toBe(name);
    const steps = pipeline.steps.map((step) => `${name} ${step.name}`);
    expect(calledSteps(name)).toEqual(steps.toSorted());
  });
});
