import pLimit from 'p-limit';
import { PipelineError } from '../../../core/error.ts';
import { wholeParameter, switchParameter } from '../../../core/parameter.ts';
import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { checkContent, type Content } from './check-file.ts';
import { DATES_PARAMETER, datesTaken } from './dates-taken.ts';
import { FEEDS } from '../feed/feeds.ts';
import { EARLY, type FileRecord, isCopy, isRefused } from './file-record.ts';
import { THRESHOLD_PARAMETERS, thresholdsOf } from '../gate/rules.ts';
import { failIfForgetting } from '../upkeep/forget-claim.ts';
import { RAW_EXPIRE_DAYS } from '../upkeep/lifecycle.ts';
import { type News, readNews } from './news.ts';
import { parseRawKey, type RawKey } from './raw-key.ts';
import { refusalOf } from './refusal.ts';
import { settle } from './settle.ts';

const FILES_AT_ONCE = 4;
const MIB = 2 ** 20;
/** Above it a file is warned of (requirements 3.5). */
const WARN_BYTES = 1024 * MIB;
const MEGABYTE = 1_000_000;
const EXTENSIONS = { csv: ['csv'], json: ['json', 'jsonl'] } as const;

/** The check that files can be taken; its failures are files that were refused. */
export const FILE_CHECK = 'file-valid';

/**
 * Looks at every raw object that is new or changed, once (requirements 3.5): type, size, format, columns, encoding, and
 * whether its content was accepted under another name. What is refused stays where it is, with all reasons in
 * `quarantine/`. With `strict=true` one refused file ends the run.
 */
export const validate: Step = {
  name: 'validate',
  summary: 'Check the files that have arrived; refuse those that cannot be taken',
  parameters: [
    { name: 'max-file-mib', description: 'Largest file that is taken, in MiB', default: '5120' },
    { name: 'strict', description: 'true: one refused file ends the run', default: 'false' },
    {
      name: 'light-max-mb',
      description: 'Files below it, in MB, are read together, others each alone',
      default: '100',
    },
    DATES_PARAMETER,
    ...THRESHOLD_PARAMETERS,
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const bytesMax = wholeParameter(parameters, 'max-file-mib', 1) * MIB;
    const lightBytesMax = wholeParameter(parameters, 'light-max-mb', 0) * MEGABYTE;
    const isStrict = switchParameter(parameters, 'strict');
    thresholdsOf(parameters);
    await failIfForgetting(ports);
    const news = await readNews(ports, run, datesTaken(parameters));
    const limit = pLimit(FILES_AT_ONCE);
    const looked = await allSettled(
      news.fresh.map((info, number) =>
        limit(() => look(ports, { info, number, bytesMax, lightBytesMax, run })),
      ),
    );
    const settled = await settle(ports, run, { news, looked });
    const refused = settled.filter(isRefused);
    ports.check(FILE_CHECK, refused.length);
    const result = resultOf(ports, { news, settled });
    // A refusal that nobody has mended is one for as long as the file is there.
    const all = [...refused, ...news.standing];
    if (isStrict && all.length > 0) throw refusalOf(all, STRICT);
    return result;
  },
};

const STRICT = {
  end: '',
  hint: 'correct the file at its source and put it again; strict=false goes on without it',
};

async function look(
  ports: StepPorts,
  of: {
    info: ObjectInfo;
    number: number;
    bytesMax: number;
    lightBytesMax: number;
    run: RunIdentity;
  },
): Promise<FileRecord> {
  const { info, number, bytesMax, lightBytesMax, run } = of;
  const named = parseRawKey(info.key);
  if (named === null) throw new PipelineError('bug', `${info.key}: no raw object`);
  const errors = keyErrors(named, run);
  if (info.sizeBytes > bytesMax) errors.push(`larger than ${bytesMax / MIB} MiB`);
  const isReadable = info.sizeBytes <= bytesMax && hasFormat(named);
  const content = isReadable ? await checkContent(ports, { info, named, number }) : UNREAD;
  errors.push(...content.errors);
  const warnings = info.sizeBytes > WARN_BYTES ? ['larger than 1 GiB'] : [];
  return {
    key: info.key,
    feed: named.feed,
    date: named.date ?? '',
    etag: info.etag,
    isValid: errors.length === 0,
    errors,
    warnings,
    duplicateOf: null,
    runId: run.runId,
    metadata: {
      size_bytes: info.sizeBytes,
      last_modified: info.lastModified.toISOString(),
      md5: content.md5,
      sha256: content.sha256,
      use_glue: info.sizeBytes > WARN_BYTES,
      route: info.sizeBytes < lightBytesMax ? 'light' : 'large',
      rows: content.rows,
      // Where a header is missing, what stands for one is data.
      columns: errors.length === 0 ? content.columns : knownColumns(named, content),
      rewrittenFrom: content.rewrittenFrom,
    },
  };
}

const UNREAD: Content = {
  errors: [],
  md5: '',
  sha256: '',
  rows: 0,
  columns: [],
  rewrittenFrom: null,
};

function hasFormat({ feed, extension }: RawKey): boolean {
  return (EXTENSIONS[FEEDS[feed].format] as readonly string[]).includes(extension);
}

function knownColumns({ feed }: RawKey, { columns }: Content): Content['columns'] {
  const names = new Set([...FEEDS[feed].required, ...FEEDS[feed].optional]);
  return columns.filter(({ name }) => names.has(name.trim().toLowerCase()));
}

function keyErrors(named: RawKey, { logicalDate }: RunIdentity): string[] {
  const errors: string[] = [];
  if (named.date === null) errors.push('no folder date=YYYY-MM-DD in its key, or more than one');
  else if (named.date > logicalDate) errors.push(EARLY);
  if (!hasFormat(named))
    errors.push(`not a .${EXTENSIONS[FEEDS[named.feed].format].join(' or .')} file`);
  return errors;
}

/** What a run says of objects that are gone is no list of a year. */
const GONE_TOLD_MAX = 10;
const DAY_MS = 86_400_000;

function resultOf(
  { clock }: StepPorts,
  { news, settled }: { news: News; settled: readonly FileRecord[] },
): StepResult {
  const accepted = settled.filter(({ isValid }) => isValid);
  const refused = settled.filter(isRefused);
  // What has grown old is removed on purpose.
  const oldest = clock.now().getTime() - RAW_EXPIRE_DAYS * DAY_MS;
  const gone = news.gone.filter(
    ({ isValid, metadata }) => isValid && Date.parse(metadata.last_modified) > oldest,
  );
  const problems: Problem[] = [
    ...refused.map(({ key, errors }) => ({ object: key, message: errors.join('; ') })),
    ...news.strays.map((key) => ({ object: key, message: 'belongs to none of the four feeds' })),
    ...gone.slice(0, GONE_TOLD_MAX).map(({ key }) => ({
      object: key,
      message: `is gone: rows that were taken of it stay (${gone.length} objects in all)`,
    })),
  ];
  return {
    outputs: {
      accepted: String(accepted.length),
      duplicates: String(settled.filter(isCopy).length),
      refused: String(refused.length),
      pending: String(settled.length),
      large: String(accepted.filter(({ metadata }) => metadata.route === 'large').length),
    },
    counts: {
      objectsRead: settled.length,
      objectsSkipped: news.knownCount,
      objectsFailed: refused.length,
      bytesRead: settled.reduce((sum, { metadata }) => sum + metadata.size_bytes, 0),
    },
    problems,
  };
}
