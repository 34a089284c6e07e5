import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { exitCodeOf, type PipelineError, toPipelineError } from '../../services/core/error.ts';
import { readDocuments } from '../../services/runner/load.ts';
import { runWorkflow } from '../../services/runner/run-workflow.ts';
import type { RunStep } from '../../services/runner/step-call.ts';
import { type CommerceBench, runCommerceStep } from './commerce-run.ts';
import { START } from './pipeline.ts';

const FILE = fileURLToPath(new URL('../../workflows/commerce.yaml', import.meta.url));

export interface WorkflowRun {
  name: string;
  parameters?: Readonly<Record<string, string>>;
  /** Called before an attempt of a step; what it throws is how the attempt fails. */
  before?: (step: string) => Promise<void>;
}

export interface WorkflowEnd {
  phase: string;
  /** Steps that were run, in the order of their beginnings, each once. */
  ran: string[];
  /** What each failed step said last. */
  errors: ReadonlyMap<string, PipelineError>;
}

/** Runs workflows/commerce.yaml by the local runner, its steps on the bench, but for the exit handler's. */
export async function runCommerceWorkflow(
  bench: CommerceBench,
  { name, parameters, before }: WorkflowRun,
): Promise<WorkflowEnd> {
  const ran = new Set<string>();
  const errors = new Map<string, PipelineError>();
  const runStep: RunStep = async ({ args, outFolder }) => {
    const [, , step = '', ...flags] = args;
    if (step === 'exit') return { exitCode: 0, stdout: '' };
    ran.add(step);
    try {
      await before?.(step);
      const options = { runId: name, parameters: flagsOf(flags) };
      const { outputs } = await runCommerceStep(bench, step, options);
      for (const [key, text] of Object.entries(outputs))
        await writeFile(join(outFolder, key), text);
      return { exitCode: 0, stdout: '' };
    } catch (thrown) {
      const error = toPipelineError(thrown);
      errors.set(step, error);
      return { exitCode: exitCodeOf(error.kind), stdout: '', error: error.message };
    }
  };
  const scratch = await mkdtemp(join(bench.folder, 'workflow-'));
  try {
    const { phase } = await runWorkflow({
      documents: readDocuments([{ file: FILE, text: readFileSync(FILE, 'utf8') }]),
      parameters: {
        'logical-date': '2026-01-31',
        'min-transactions': '1',
        'min-products': '0',
        'freshness-hours': '900',
        ...parameters,
      },
      name,
      runStep,
      clock: manualClock(START),
      scratch,
    });
    return { phase, ran: [...ran], errors };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** `--name=value` as they stand in the workflow. */
function flagsOf(flags: readonly string[]): Record<string, string> {
  const { tokens } = parseArgs({ args: [...flags], strict: false, tokens: true });
  return Object.fromEntries(
    tokens.flatMap((one) => (one.kind === 'option' ? [[one.name, one.value ?? '']] : [])),
  );
}
