import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

interface Parameter {
  name: string;
  value?: string;
}

interface Template {
  name: string;
  container?: { args?: string[] };
}

interface WorkflowTemplate {
  spec: { arguments: { parameters: Parameter[] }; templates: Template[] };
}

/** What a step left in its output folder, by parameter. */
export type Outputs = Readonly<Record<string, string>>;

/** Runs one step: `args` are those of its container, `node` is a name of its own. */
export type RunArgs = (node: string, args: readonly string[]) => Promise<Outputs>;

/**
 * Calls the containers of workflows/fama-french.yaml one after the other, in the order of its DAG and with the arguments
 * that Argo would put in; the exit handler last, as after a good run.
 */
export async function famaFrenchAsArgo(
  values: Readonly<Record<string, string>>,
  run: RunArgs,
): Promise<string[]> {
  const path = fileURLToPath(new URL('../../workflows/fama-french.yaml', import.meta.url));
  const { spec } = parse(await readFile(path, 'utf8')) as WorkflowTemplate;
  const known: Record<string, string> = {
    'workflow.status': 'Succeeded',
    'workflow.duration': '1.000000',
  };
  for (const { name, value } of spec.arguments.parameters) {
    known[`workflow.parameters.${name}`] = values[name] ?? value ?? '';
  }
  const called: string[] = [];
  const step = async (name: string, inputs: Record<string, string> = {}): Promise<Outputs> => {
    const args = spec.templates.find((one) => one.name === name)?.container?.args ?? [];
    called.push(`${name}-${called.length}`);
    return run(
      called.at(-1) ?? name,
      args.map((one) => filled(one, { ...known, ...inputs })),
    );
  };
  const { pending } = await step('fetch');
  if (pending !== '0') {
    const { shards = '[]' } = await step('extract');
    for (const shard of JSON.parse(shards) as unknown[]) {
      const value = typeof shard === 'string' ? shard : JSON.stringify(shard);
      await step('transform', { 'inputs.parameters.shard': value });
    }
    await step('catalogue');
    await step('tables');
  }
  await step('exit');
  return called;
}

function filled(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{([^}]+)\}\}/g, (tag, name: string) => {
    const value = known[name.trim()];
    if (value === undefined) throw new Error(`${tag} has no value here`);
    return value;
  });
}
