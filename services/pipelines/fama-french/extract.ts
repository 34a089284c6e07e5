import { PipelineError, toPipelineError } from '../../core/error.ts';
import { switchParameter, wholeParameter } from '../../core/parameter.ts';
import { sha256 } from '../../core/manifest.ts';
import type { Problem, RunIdentity, Step, StepPorts } from '../../ports/step.ts';
import { allSettled } from '../../stages/shape/settle.ts';
import { unzip } from '../../stages/land/unzip.ts';
import { decodeLibraryText } from './blocks.ts';
import { writeDownloadLog } from './download-log.ts';
import {
  type ArchiveRecord,
  ARCHIVES,
  type ExtractPlan,
  planCollection,
  SHARD_PREFIX,
  type TransformPlan,
} from './ledger.ts';
import { archiveId, isSettled, readKnown } from './pending.ts';
import { compareArchives, csvOwners, type CsvOwners, isOutdated } from './supersede.ts';
import { csvName, vintageOf } from './vintage.ts';

type PlannedArchive = ExtractPlan['archives'][number];

type ExtractCounts = Record<
  'objectsRead' | 'objectsWritten' | 'objectsFailed' | 'bytesWritten',
  number
>;

interface Csv {
  key: string;
  bytes: Uint8Array;
  sha256: string;
}

interface Extracted {
  archive: PlannedArchive;
  outcome: ArchiveRecord['outcome'];
  message: string;
  csvs: Csv[];
}

/** Archives unpacked beside each other; the next are not begun before these are stored, which bounds memory. */
const ARCHIVES_AT_ONCE = 8;

/** Unpacks the landed ZIPs and names each CSV for its vintage (requirements 1.4). */
export const extract: Step = {
  name: 'extract',
  summary: 'Unpack the CSVs of every landed ZIP',
  parameters: [
    { name: 'shard-size', description: 'How many CSVs one transform step gets', default: '25' },
    { name: 'force', description: 'true: transform again what is done', default: 'false' },
  ],
  async run(ports, parameters, run) {
    const plan = await readPlan(ports, run);
    const known = await readKnown(ports, switchParameter(parameters, 'force'));
    const counts = {
      objectsRead: 0,
      objectsWritten: 0,
      objectsFailed: 0,
      bytesRead: 0,
      bytesWritten: 0,
    };
    const owners = csvOwners(known.archives.values());
    const todo = new Map<string, string>();
    const problems: Problem[] = [];

    const archives = plan.archives.toSorted((one, other) => compareArchives(other.key, one.key));
    for (let start = 0; start < archives.length; start += ARCHIVES_AT_ONCE) {
      const batch = archives.slice(start, start + ARCHIVES_AT_ONCE);
      const unpacked = await allSettled(batch.map((archive) => extractOne(ports, archive)));
      const extracted = unpacked.map((each) => withoutSuperseded(each, owners));
      await allSettled(extracted.map((each) => store(ports, each)));
      for (const each of extracted) {
        for (const csv of each.csvs) {
          if (known.isForced || !isSettled(csv, known)) todo.set(csv.key, csv.sha256);
        }
        count(counts, each);
        if (each.outcome !== 'extracted') problems.push(problemOf(ports, each));
      }
      ports.progress(counts);
    }
    await refineLog(ports, plan, problems);
    const shards = await planShards(
      ports,
      run,
      [...todo],
      wholeParameter(parameters, 'shard-size', 1),
    );
    return {
      outputs: { shards: JSON.stringify(shards), csvs: String(todo.size) },
      counts,
      problems,
    };
  },
};

async function readPlan(ports: StepPorts, run: RunIdentity): Promise<ExtractPlan> {
  const plan = await ports.records.get<ExtractPlan>(planCollection(run), 'extract-plan');
  if (plan) return plan;
  throw new PipelineError('not-found', `run ${run.runId} has no extract plan`, {
    hint: 'run the fetch step of the same run first',
  });
}

async function extractOne(ports: StepPorts, archive: PlannedArchive): Promise<Extracted> {
  const bytes = await ports.store.get(archive.key, { signal: ports.signal });
  if (!bytes)
    throw new PipelineError('not-found', `${ports.store.url}/${archive.key}: landed ZIP is gone`);
  const failed = (outcome: Extracted['outcome'], message: string) => ({
    archive,
    outcome,
    message,
    csvs: [],
  });
  if (sha256(bytes) !== archive.sha256) {
    return failed('corrupt', `${archive.key}: the stored bytes are not those that were downloaded`);
  }
  try {
    const { members, entries } = await unzip(bytes, {
      name: archive.key,
      wants: (name) => /\.csv$/i.test(name),
      signal: ports.signal,
    });
    if (entries === 0) return failed('empty', `${archive.key}: the ZIP is empty`);
    if (members.length === 0)
      return failed('without-csv', `${archive.key}: no CSV among ${entries} members`);
    const csvs = members.map((member) => nameCsv(archive, member));
    return { archive, outcome: 'extracted', message: '', csvs };
  } catch (error) {
    const { kind, message } = toPipelineError(error);
    if (kind !== 'input-invalid' && kind !== 'too-large') throw error;
    return failed('corrupt', message);
  }
}

function nameCsv(archive: PlannedArchive, member: { name: string; bytes: Uint8Array }): Csv {
  const head = decodeLibraryText(member.bytes.subarray(0, 4096));
  const firstLine = head.split('\n', 1)[0] ?? '';
  const { year, month } = archive;
  const vintage = month === null ? vintageOf({ url: archive.url, firstLine }) : { year, month };
  if (!vintage) throw new PipelineError('input-invalid', `${archive.key}: nothing names a vintage`);
  const key = `raw_data/csv/${csvName(vintage, member.name)}`;
  return { key, bytes: member.bytes, sha256: sha256(member.bytes) };
}

function withoutSuperseded(extracted: Extracted, owners: CsvOwners): Extracted {
  const { archive } = extracted;
  const csvs = extracted.csvs.filter((csv) => {
    const isOurs = !isOutdated(archive, owners.get(csv.key));
    if (isOurs) owners.set(csv.key, archive);
    return isOurs;
  });
  if (csvs.length > 0 || extracted.csvs.length === 0) return { ...extracted, csvs };
  const message = `${archive.key}: a newer download holds the same vintage`;
  return { archive, outcome: 'superseded', message, csvs };
}

async function store(ports: StepPorts, extracted: Extracted): Promise<void> {
  for (const csv of extracted.csvs) await storeCsv(ports, csv);
  await keep(ports, extracted);
}

function count(counts: ExtractCounts, { outcome, csvs }: Extracted): void {
  counts.objectsRead++;
  counts.objectsWritten += csvs.length;
  counts.bytesWritten += csvs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (outcome !== 'extracted') counts.objectsFailed++;
}

function problemOf({ log }: StepPorts, { archive, outcome, message }: Extracted): Problem {
  log.warn(`archive.${outcome}`, { object: archive.key, reason: message });
  return { object: archive.url, message };
}

async function storeCsv(ports: StepPorts, csv: Csv): Promise<void> {
  const there = await ports.store.get(csv.key, { signal: ports.signal });
  if (there && sha256(there) === csv.sha256) return;
  await ports.store.put(csv.key, csv.bytes, { signal: ports.signal });
}

async function keep(
  ports: StepPorts,
  { archive, outcome, message, csvs }: Extracted,
): Promise<void> {
  const record: ArchiveRecord = {
    key: archive.key,
    url: archive.url,
    sha256: archive.sha256,
    outcome,
    message,
    csvs: csvs.map(({ key, sha256: hash }) => ({ key, sha256: hash })),
  };
  await ports.records.put(ARCHIVES, archiveId(archive.key), record);
}

/** A ZIP that cannot be used is named with its reason in the log CSV of the run that downloaded it. */
async function refineLog(
  ports: StepPorts,
  plan: ExtractPlan,
  problems: readonly Problem[],
): Promise<void> {
  if (plan.logKey === '' || problems.length === 0) return;
  const reasons = new Map(problems.map(({ object, message }) => [object, message]));
  const rows = plan.rows.map((row) => {
    const reason = reasons.get(row.source_url);
    return reason === undefined ? row : { ...row, status: `failed: ${reason}` };
  });
  await writeDownloadLog(ports, rows, plan.logKey);
}

async function planShards(
  ports: StepPorts,
  run: RunIdentity,
  csvs: readonly [key: string, sha256: string][],
  shardSize: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let start = 0; start < csvs.length; start += shardSize) {
    const id = `${SHARD_PREFIX}${ids.length}`;
    const shard = csvs
      .slice(start, start + shardSize)
      .map(([key, hash]) => ({ key, sha256: hash }));
    const plan: TransformPlan = { csvs: shard };
    await ports.records.put(planCollection(run), id, plan);
    ids.push(id);
  }
  return ids;
}
