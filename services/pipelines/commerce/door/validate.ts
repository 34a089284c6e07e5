import pLimit from 'p-limit';
import { PipelineError } from '../../../core/error.ts';
import { wholeParameter, switchParameter } from '../../../core/parameter.ts';
import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { checkContent, type Content } from './check-file.ts';
import { FEEDS } from '../feed/feeds.ts';
import { duplicateOf, type FileRecord, keepFileRecord, readFileRecord } from './file-record.ts';
import { parseRawKey, RAW, type RawKey } from './raw-key.ts';

const FILES_AT_ONCE = 4;
const MIB = 2 ** 20;
/** Above it a file is told as large for the light path, and warned of (requirements 3.5). */
const WARN_BYTES = 1024 * MIB;
const LIGHT_BYTES_MAX = 100_000_000;
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
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const bytesMax = wholeParameter(parameters, 'max-file-mib', 1) * MIB;
    const isStrict = switchParameter(parameters, 'strict');
    const news = await newObjects(ports, run);
    const limit = pLimit(FILES_AT_ONCE);
    const looked = await allSettled(
      news.fresh.map((info, number) => limit(() => look(ports, { info, number, bytesMax, run }))),
    );
    const settled: FileRecord[] = [...news.ours];
    // One after the other in the order of keys: of two with the same content the first is taken.
    for (const record of looked) settled.push(await settle(ports, record));
    const refused = settled.filter(isRefused);
    ports.check(FILE_CHECK, refused.length);
    const result = resultOf(news, settled);
    if (isStrict && refused.length > 0) throw strictRefusal(ports, refused);
    return result;
  },
};

interface News {
  fresh: ObjectInfo[];
  /** Those that an earlier attempt of this run has looked at. */
  ours: FileRecord[];
  known: number;
  /** Keys below `raw/` that belong to no feed. */
  strays: string[];
}

async function newObjects(ports: StepPorts, run: RunIdentity): Promise<News> {
  const news: News = { fresh: [], ours: [], known: 0, strays: [] };
  for await (const info of ports.store.list(RAW, { signal: ports.signal })) {
    if (parseRawKey(info.key) === null) {
      news.strays.push(info.key);
      continue;
    }
    const record = await readFileRecord(ports, info.key);
    if (record?.etag !== info.etag) news.fresh.push(info);
    else if (record.runId === run.runId) news.ours.push(record);
    else news.known += 1;
  }
  return news;
}

async function look(
  ports: StepPorts,
  of: { info: ObjectInfo; number: number; bytesMax: number; run: RunIdentity },
): Promise<FileRecord> {
  const { info, number, bytesMax, run } = of;
  const named = parseRawKey(info.key);
  if (named === null) throw new PipelineError('bug', `${info.key}: no raw object`);
  const errors = keyErrors(named);
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
      route: info.sizeBytes < LIGHT_BYTES_MAX ? 'light' : 'large',
      rows: content.rows,
      columns: content.columns,
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

function keyErrors(named: RawKey): string[] {
  const errors: string[] = [];
  if (named.date === null) errors.push('no folder date=YYYY-MM-DD in its key');
  if (!hasFormat(named))
    errors.push(`not a .${EXTENSIONS[FEEDS[named.feed].format].join(' or .')} file`);
  return errors;
}

/** Adds whether the content is known, keeps the record, and the reasons of a refusal where people look for them. */
async function settle(ports: StepPorts, looked: FileRecord): Promise<FileRecord> {
  const { md5 } = looked.metadata;
  const first = md5 === '' ? null : await duplicateOf(ports, looked.key, md5);
  const record =
    first === null
      ? looked
      : {
          ...looked,
          isValid: false,
          duplicateOf: first,
          errors: [...looked.errors, 'the same content was accepted under another name'],
        };
  if (!record.isValid) await keepReasons(ports, record);
  await keepFileRecord(ports, record);
  return record;
}

async function keepReasons({ store, signal }: StepPorts, record: FileRecord): Promise<void> {
  const { key, feed, errors, warnings, duplicateOf: duplicate, metadata } = record;
  const reasons = {
    object: key,
    valid: false,
    errors,
    warnings,
    duplicate_of: duplicate,
    metadata,
  };
  const name = key.slice(`${RAW}${feed}/`.length);
  const bytes = Buffer.from(`${JSON.stringify(reasons, null, 2)}\n`);
  await store.put(`quarantine/${feed}/${name}.reasons.json`, bytes, { signal });
}

/** Refused, and not only because its content is there already. */
function isRefused({ isValid, duplicateOf: duplicate, errors }: FileRecord): boolean {
  return !isValid && !(duplicate !== null && errors.length === 1);
}

function resultOf({ known, strays }: News, settled: readonly FileRecord[]): StepResult {
  const accepted = settled.filter(({ isValid }) => isValid);
  const refused = settled.filter(isRefused);
  const problems: Problem[] = [
    ...refused.map(({ key, errors }) => ({ object: key, message: errors.join('; ') })),
    ...strays.map((key) => ({ object: key, message: 'belongs to none of the four feeds' })),
  ];
  return {
    outputs: {
      accepted: String(accepted.length),
      duplicates: String(settled.length - accepted.length - refused.length),
      refused: String(refused.length),
    },
    counts: {
      objectsRead: settled.length,
      objectsSkipped: known,
      objectsFailed: refused.length,
      bytesRead: settled.reduce((sum, { metadata }) => sum + metadata.size_bytes, 0),
    },
    problems,
  };
}

function strictRefusal({ store }: StepPorts, refused: readonly FileRecord[]): PipelineError {
  const [first, ...others] = refused;
  const more = others.length === 0 ? '' : `; ${others.length} more files`;
  return new PipelineError(
    'input-invalid',
    `${store.url}/${first?.key}: ${first?.errors.join('; ')}${more}`,
    { hint: 'correct the file at its source and put it again; strict=false goes on without it' },
  );
}
