import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { sha256 } from '../../../core/manifest.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { gateCsv } from '../../../stages/land/feed/gate.ts';
import { FEEDS } from '../feed/feeds.ts';
import type { RawKey } from '../door/raw-key.ts';

/** Who is forgotten: rows with the identifier, and rows without a customer of sessions that are known to be theirs. */
export interface Person {
  customerId: string;
  sessions: ReadonlySet<string>;
}

/** A record of a raw file: its bytes with the line end, and what it says of whom it is about. */
interface RawRecord {
  raw: Uint8Array;
  customerId: string;
  sessionId: string;
  /** The header of a CSV file stays. */
  isHeader: boolean;
}

export interface RawFile {
  key: string;
  named: RawKey;
}

type Workplace = Pick<StepPorts, 'store' | 'scratch' | 'signal'>;

const LINE_FEED = 10;

/** True where the rows of a raw file may be about a customer. */
export function hasCustomers({ feed }: RawKey): boolean {
  return FEEDS[feed].required.includes('customer_id');
}

/** The sessions in which a customer is named. */
export async function sessionsIn(
  ports: Workplace,
  file: RawFile,
  customerId: string,
): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const record of recordsOf(ports, file)) {
    if (record.customerId === customerId && record.sessionId !== '') found.add(record.sessionId);
  }
  return found;
}

/** How many rows of a file are about a person. */
export async function countRows(ports: Workplace, file: RawFile, person: Person): Promise<number> {
  let count = 0;
  for await (const record of recordsOf(ports, file)) if (isAbout(record, person)) count += 1;
  return count;
}

/** Puts the file again without the rows about a person; with `isEmptied` without any row. The other rows keep their bytes. */
export async function rewriteFile(
  ports: Workplace,
  file: RawFile,
  { person, isEmptied }: { person: Person; isEmptied: boolean },
): Promise<void> {
  // A store on the same disk may keep the file itself: no two objects may be written to one.
  const path = join(ports.scratch, `rewritten-${sha256(file.key).slice(0, 16)}`);
  const kept = async function* (): AsyncGenerator<Uint8Array> {
    let isEmpty = true;
    for await (const record of recordsOf(ports, file)) {
      if (!record.isHeader && (isEmptied || isAbout(record, person))) continue;
      isEmpty &&= record.isHeader;
      yield record.raw;
    }
    // A JSON file without a record would be refused, and the rows of its version before would stay in the tables.
    if (isEmpty && FEEDS[file.named.feed].format === 'json') yield blankRecord(file.named);
  };
  const target = createWriteStream(path);
  const { signal } = ports;
  await (file.named.isGzip
    ? pipeline(Readable.from(kept()), createGzip(), target, { signal })
    : pipeline(Readable.from(kept()), target, { signal }));
  await ports.store.put(file.key, { path, sizeBytes: target.bytesWritten }, { signal });
  await rm(path);
}

/** One row with every column and no value: it is rejected for that, and counted. */
function blankRecord({ feed }: RawKey): Uint8Array {
  const { required, optional } = FEEDS[feed];
  const blank = Object.fromEntries([...required, ...optional].map((name) => [name, null]));
  return Buffer.from(`${JSON.stringify(blank)}\n`);
}

function isAbout({ customerId, sessionId, isHeader }: RawRecord, person: Person): boolean {
  if (isHeader) return false;
  if (customerId === person.customerId) return true;
  return customerId === '' && sessionId !== '' && person.sessions.has(sessionId);
}

function recordsOf(ports: Workplace, file: RawFile): AsyncIterable<RawRecord> {
  return FEEDS[file.named.feed].format === 'csv'
    ? csvRecords(ports, file)
    : jsonRecords(ports, file);
}

async function* csvRecords(
  { store, scratch, signal }: Workplace,
  { key, named }: RawFile,
): AsyncGenerator<RawRecord> {
  const chunks = await store.open(key, { signal });
  const gated = await gateCsv(chunks, { address: named.feed, path: join(scratch, 'gated') });
  const at = (name: string): number =>
    gated.columns.findIndex((column) => column.trim().toLowerCase() === name);
  const [customer, session] = [at('customer_id'), at('session_id')];
  const parser = createReadStream(gated.path).pipe(parse({ raw: true, relax_column_count: true }));
  let isHeader = true;
  for await (const row of parser) {
    const { record, raw } = row as { record: string[]; raw: string };
    yield {
      raw: Buffer.from(raw.endsWith('\n') ? raw : `${raw}\n`),
      customerId: record[customer]?.trim() ?? '',
      sessionId: record[session]?.trim() ?? '',
      isHeader,
    };
    isHeader = false;
  }
}

async function* jsonRecords(
  { store, signal }: Workplace,
  { key, named }: RawFile,
): AsyncGenerator<RawRecord> {
  const chunks = Readable.from(await store.open(key, { signal }));
  for await (const raw of linesOf(named.isGzip ? chunks.pipe(createGunzip()) : chunks)) {
    const { customer_id: customer, session_id: session } = objectOf(raw);
    yield { raw, customerId: textOf(customer), sessionId: textOf(session), isHeader: false };
  }
}

/** Lines with their line ends; the last one gets one. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, start)) {
      yield bytes.subarray(start, at + 1);
      start = at + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield Buffer.concat([rest, Buffer.from('\n')]);
}

function objectOf(raw: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(raw).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // A line that is no JSON is about nobody that could be told.
    return {};
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
