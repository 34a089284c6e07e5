import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDocuments } from '../../runner/load.ts';
import type { PipelinePlan } from '../../stages/observe/site/context.ts';
import { WINGS } from '../commands.ts';
import { workflowFolders } from '../run/run-request.ts';
import type { Session } from '../session.ts';

const SCHEDULES = 'schedules.yaml';
const PIPELINE_LABEL = 'argosy.dev/pipeline';

/** The steps of every pipeline, and when it runs by the schedules that are shipped beside its workflow. */
export async function pipelinePlans({ io }: Session): Promise<Map<string, PipelinePlan>> {
  const schedules = await shippedSchedules(io.cwd);
  const plans = new Map<string, PipelinePlan>();
  for (const [name, wing] of Object.entries(WINGS)) {
    const { steps } = await wing.load();
    plans.set(name, {
      steps: steps.map(({ name: step, summary }) => ({ name: step, summary })),
      schedules: schedules.filter(({ pipeline }) => pipeline === name),
    });
  }
  return plans;
}

async function shippedSchedules(
  cwd: string,
): Promise<{ pipeline: string; cron: string; timezone: string }[]> {
  const paths = workflowFolders(cwd).map((folder) => join(folder, SCHEDULES));
  const path = paths.find((one) => existsSync(one));
  if (path === undefined) return [];
  const { documents } = readDocuments([{ file: SCHEDULES, text: await readFile(path, 'utf8') }]);
  return documents.flatMap(({ cron, metadata }) =>
    (cron?.schedules ?? []).map((one) => ({
      pipeline: metadata.labels?.[PIPELINE_LABEL] ?? '',
      cron: one,
      timezone: cron?.timezone ?? 'UTC',
    })),
  );
}
