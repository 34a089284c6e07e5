import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PipelineError } from '../../core/error.ts';
import { humaneBytes } from '../../core/humane.ts';
import { findWing, WINGS } from '../commands.ts';
import { onDisk } from '../run/disk-error.ts';
import { recordsOf, serving } from '../host.ts';
import { printJson } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import { checkedDate } from '../run/run-identity.ts';

/** `argosy report PIPELINE`: one HTML page about a day, as a file or on stdout. */
export const report: Work = async (session, given) => {
  const pipeline = given.args[0] ?? '';
  const makeReport = await findWing(pipeline).report?.();
  if (!makeReport) throw noReport(pipeline);
  const { logicalDate: day, output = `${pipeline}-report.html`, json } = given.flags;
  const page = await makeReport({
    ports: serving(session, pipeline),
    records: recordsOf(session, pipeline),
    logicalDate: day === undefined ? null : checkedDate(day),
  });
  const { io } = session;
  if (output === '-') {
    io.stdout.write(page.html);
    return 0;
  }
  const path = resolve(io.cwd, output);
  await writeWhole(path, page.html);
  const sizeBytes = Buffer.byteLength(page.html);
  if (json === true) printJson(session, { path, logicalDate: page.logicalDate, sizeBytes });
  else io.stdout.write(`${path}: ${pipeline} ${page.logicalDate}, ${humaneBytes(sizeBytes)}\n`);
  return 0;
};

/** The file is there as a whole or not at all: it is written beside its place and gets its name last. */
async function writeWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  if (!(await isFolder(folder)))
    throw refusal(`${folder} (--output) is not a folder that is there`);
  if (await isFolder(path)) throw refusal(`${path} (--output) is a folder`);
  await onDisk({ path, setting: '--output', hint: HINT }, async () => {
    const own = await mkdtemp(join(folder, `.${basename(path)}-`));
    try {
      await writeFile(join(own, 'page'), text);
      await rename(join(own, 'page'), path);
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  });
}

const HINT = 'let --output name a file in a folder that is there and may be written to';

function refusal(message: string): PipelineError {
  return new PipelineError('config-invalid', message, { hint: HINT });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function noReport(pipeline: string): PipelineError {
  const those = Object.keys(WINGS).filter((name) => 'report' in (WINGS[name] ?? {}));
  return new PipelineError('config-invalid', `pipeline ${pipeline} has no report`, {
    hint: `those that have one: ${those.join(', ')}`,
  });
}
