import { PipelineError, toPipelineError } from '../../core/error.ts';
import { optionalParameter, switchParameter, wholeParameter } from '../../core/parameter.ts';
import { sha256 } from '../../core/manifest.ts';
import type { Problem, RunIdentity, Step, StepPorts } from '../../ports/step.ts';
import { allSettled } from '../../stages/shape/settle.ts';
import { unzip } from '../../stages/land/unzip.ts';
import { decodeLibraryText } from './blocks.ts';
import { uniqueNames } from './cells.ts';
import { isCatalogueBehind } from './catalogue-state.ts';
import { writeDownloadLog } from './download-log.ts';
import {
  type ArchiveRecord,
  ARCHIVES,
  type CsvEntry,
  type ExtractPlan,
  type PlannedArchive,
  SHARD_COUNT,
  SHARD_PREFIX,
  type ShardCount,
  type TransformPlan,
} from './ledger.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { extractPlan } from './extract-plan.ts';
import { archiveId, isSettled, readKnown } from './pending.ts';
import { compareArchives, csvOwners, type CsvOwners, isOutdated } from './supersede.ts';
import { slugOf } from './metrics.ts';
import { csvName, VINTAGE_FORM, vintageOf } from './vintage.ts';

type ExtractCounts = Record<
  'objectsRead' | 'objectsWritten' | 'objectsFailed' | 'bytesWritten',
  number
>;

interface Csv extends CsvEntry {
  bytes: Uint8Array;
}

interface Extracted {
  archive: PlannedArchive;
  outcome: ArchiveRecord['outcome'];
  message: string;
  csvs: Csv[];
  /** True when the stored ZIP is not what was downloaded, so that nothing new is known of what was. */
  isDamaged?: true;
}

/** Archives unpacked beside each other; the next are not begun before these are stored, which bounds memory. */
const ARCHIVES_AT_ONCE = 8;

/** Unpacks the landed ZIPs and names each CSV for its vintage (requirements 1.4). */
export const extract: Step = {
  name: 'extract',
  summary: 'Unpack the CSVs of every landed ZIP',
  parameters: [
    { name: 'shard-size', description: 'How many CSVs one transform step gets', default: '50' },
    { name: 'force', description: 'true: transform again what is done', default: 'false' },
    {
      name: 'vintage',
      description: 'Only this vintage, YYYY or YYYY-MM, in a run without a fetch; empty for all',
      default: '',
    },
  ],
  async run(ports, parameters, run) {
    const shardSize = wholeParameter(parameters, 'shard-size', 1);
    const isForced = switchParameter(parameters, 'force');
    const known = await readKnown(ports, isForced);
    const vintage = optionalParameter(parameters, 'vintage', VINTAGE_FORM);
    const { plan, problems } = await extractPlan(ports, run, { known, vintage });
    const counts = {
      objectsRead: 0,
      objectsWritten: 0,
      objectsFailed: 0,
      bytesRead: 0,
      bytesWritten: 0,
    };
    const owners = csvOwners(known.archives.values());
    const todo = new Map<string, CsvEntry>();

    const archives = plan.archives.toSorted((one, other) => compareArchives(other.key, one.key));
    for (let start = 0; start < archives.length; start += ARCHIVES_AT_ONCE) {
      const batch = archives.slice(start, start + ARCHIVES_AT_ONCE);
      const unpacked = await allSettled(batch.map((archive) => extractOne(ports, archive)));
      const extracted = unpacked.map((each) => withoutSuperseded(each, owners));
      await allSettled(extracted.map((each) => store(ports, each)));
      for (const each of extracted) {
        for (const csv of each.csvs) {
          if (known.isForced || !isSettled(csv, known)) todo.set(csv.key, entryOf(csv));
        }
        count(counts, each);
        ports.check('archive-readable', isReadable(each) ? 0 : 1);
        if (each.outcome !== 'extracted') problems.push(problemOf(ports, each));
      }
      ports.progress(counts);
    }
    await refineLog(ports, plan, problems);
    const shards = await planShards(ports, run, [...todo.values()], shardSize);
    return {
      outputs: {
        shards: JSON.stringify(shards),
        csvs: String(todo.size),
        pending: String(archives.length),
        behind: String(archives.length > 0 || (await isCatalogueBehind(ports))),
      },
      counts,
      problems,
    };
  },
};

async function extractOne(ports: StepPorts, archive: PlannedArchive): Promise<Extracted> {
  const failed = (outcome: Extracted['outcome'], message: string) => ({
    archive,
    outcome,
    message,
    csvs: [],
  });
  try {
    const bytes = await landedBytes(ports, archive);
    if (sha256(bytes) !== archive.sha256) {
      const message =
        archive.etag === undefined
          ? `${archive.key}: the stored bytes are not those downloaded; run with force=true`
          : `${archive.key}: changed while it was worked on; the next run takes it as it is now`;
      return { ...failed('corrupt', message), isDamaged: true };
    }
    const { members, entries } = await unzip(bytes, {
      name: archive.key,
      wants: (name) => /\.csv$/i.test(name),
      signal: ports.signal,
    });
    if (entries === 0) return failed('empty', `${archive.key}: the ZIP is empty`);
    if (members.length === 0)
      return failed('without-csv', `${archive.key}: no CSV among ${entries} members`);
    const csvs = nameCsvs(archive, members);
    return { archive, outcome: 'extracted', message: '', csvs };
  } catch (error) {
    const { kind, message } = toPipelineError(error);
    if (kind !== 'input-invalid' && kind !== 'too-large') throw error;
    return failed('corrupt', message);
  }
}

async function landedBytes(ports: StepPorts, { key }: PlannedArchive): Promise<Uint8Array> {
  const bytes = await ports.store.get(key, { signal: ports.signal });
  if (bytes) return bytes;
  throw new PipelineError('not-found', `${ports.store.url}/${key}: landed ZIP is gone`);
}

type Member = { name: string; bytes: Uint8Array };

/** Each CSV under its key; of several each has a qualifier, which the names in this ZIP alone decide. */
function nameCsvs(archive: PlannedArchive, members: readonly Member[]): Csv[] {
  const csvs = members.map((member) => nameCsv(archive, member));
  const keys = new Set(csvs.map(({ key }) => key.toLowerCase()));
  if (keys.size < csvs.length) {
    throw new PipelineError('input-invalid', `${archive.key}: two of its CSVs come to one name`);
  }
  if (csvs.length === 1) return csvs;
  const { names } = uniqueNames(members.map(({ name }) => slugOf(name)));
  return csvs.map((csv, at) => ({ ...csv, qualifier: names[at]! }));
}

function nameCsv(archive: PlannedArchive, member: Member): Csv {
  const head = decodeLibraryText(member.bytes.subarray(0, 4096));
  const firstLine = head.split('\n', 1)[0] ?? '';
  const { year, month } = archive;
  // Where a store is kept says nothing of a vintage, where a download came from may.
  const url = archive.etag === undefined ? archive.url : '';
  const from = { label: String(year ?? ''), url, firstLine };
  const vintage = year === null || month === null ? vintageOf(from) : { year, month };
  if (!vintage) {
    const fault = 'neither its name nor the first line of its CSV names a vintage';
    throw new PipelineError('input-invalid', `${archive.key}: ${fault}`, {
      hint: 'name the ZIP for its month, as in 6_Portfolios_2x3_CSV_201707.zip',
    });
  }
  const key = `raw_data/csv/${csvName(vintage, member.name)}`;
  return { key, bytes: member.bytes, sha256: sha256(member.bytes) };
}

function entryOf({ key, sha256: hash, qualifier }: Csv): CsvEntry {
  return { key, sha256: hash, ...(qualifier === undefined ? {} : { qualifier }) };
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
  if (extracted.isDamaged) return;
  for (const csv of extracted.csvs) await storeCsv(ports, csv);
  await keep(ports, extracted);
}

function isReadable({ outcome }: Extracted): boolean {
  return outcome === 'extracted' || outcome === 'superseded';
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
    csvs: csvs.map(entryOf),
    ...(archive.etag === undefined ? {} : { etag: archive.etag }),
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
  csvs: readonly CsvEntry[],
  shardSize: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let start = 0; start < csvs.length; start += shardSize) {
    const id = `${SHARD_PREFIX}${ids.length}`;
    const plan: TransformPlan = { csvs: csvs.slice(start, start + shardSize) };
    await ports.records.put(stepCollection(run), id, plan);
    ids.push(id);
  }
  const planned: ShardCount = { shards: ids.length };
  await ports.records.put(stepCollection(run), SHARD_COUNT, planned);
  return ids;
}
