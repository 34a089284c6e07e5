import { exitCodeOf, PipelineError } from '../../core/error.ts';
import { printable } from '../../core/printable.ts';
import type { Finding } from '../../runner/lint/rule.ts';
import { lintFiles, type LintOutcome } from '../../runner/lint/set.ts';
import type { StepCatalogue } from '../../runner/lint/step.ts';
import { WINGS } from '../commands.ts';
import { defaultFolder, lintSource } from '../lint-source.ts';
import { printJson } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import type { Session } from '../session.ts';

/** `argosy lint [FILES…]`: what a run, Argo, or a cluster would have against the files, all of it. */
export const lint: Work = async (session, { args, flags }) => {
  const files = await lintSource(session, args);
  const outcome = lintFiles(files, await stepCatalogue());
  const { findings } = outcome;
  refuseEmpty(
    outcome,
    files.map(({ file }) => file),
  );
  if (flags.json === true) printJson(session, findings);
  else printFindings(session, findings);
  const where = args.length === 0 ? ` of ${defaultFolder(session.io.cwd)}` : '';
  session.io.stderr.write(`${summary(outcome, files.length)}${where}\n`);
  return findings.length === 0 ? 0 : exitCodeOf('config-invalid');
};

/** The steps and flags of every pipeline, from the one list of the command line. */
export async function stepCatalogue(): Promise<StepCatalogue> {
  const wings = await Promise.all(
    Object.entries(WINGS).map(async ([name, wing]) => {
      const { steps } = await wing.load();
      const flags = steps.map((step) => [
        step.name,
        step.parameters.map((flag) => ({ name: flag.name, required: flag.default === undefined })),
      ]);
      return [name, Object.fromEntries(flags)];
    }),
  );
  return Object.fromEntries(wings);
}

function refuseEmpty({ set, findings }: LintOutcome, names: readonly string[]): void {
  const { documents, bindings } = set;
  if (documents.length + bindings.length > 0 || findings.length > 0) return;
  throw new PipelineError('config-invalid', `${names.join(', ')}: nothing of Argo's in it`, {
    hint: 'name files with a Workflow, WorkflowTemplate, CronWorkflow or WorkflowEventBinding',
  });
}

function printFindings({ io }: Session, findings: readonly Finding[]): void {
  for (const { file, line, message, rule } of findings) {
    io.stdout.write(`${printable(`${file}:${line}: ${message} [${rule}]`)}\n`);
  }
  const hints = new Map(findings.map(({ rule, hint }) => [`${rule}: ${hint}`, rule]));
  for (const text of hints.keys()) io.stderr.write(`hint: ${printable(text)}\n`);
}

function summary({ set, findings }: LintOutcome, fileCount: number): string {
  const count = (size: number, what: string): string => `${size} ${what}${size === 1 ? '' : 's'}`;
  const objects = set.documents.length + set.bindings.length;
  const seen = `${count(objects, 'object')} of Argo in ${count(fileCount, 'file')}`;
  return `${findings.length === 0 ? 'no findings' : count(findings.length, 'finding')}: ${seen}`;
}
