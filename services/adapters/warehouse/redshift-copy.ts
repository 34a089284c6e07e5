import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { quoteText } from '../../core/column.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

/** From where Redshift reads rows, and as whom. */
export interface RedshiftStage {
  /** A bucket of S3; its objects are there for as long as a COPY takes. */
  store: ObjectStore;
  iamRoleArn: string;
  region: string;
}

const PREFIX = '_staging/redshift/';
const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** What COPY reads as NULL when nothing else is said. */
const NULL_TEXT = Buffer.from('\\N');

/**
 * The COPY of an object, as Redshift writes it: `copy` is `COPY table (columns)`. The rest is what every load of ours
 * has in common: CSV in UTF-8, and no pass over the data for encodings, which the table's definition gives.
 */
export function copyStatement(
  copy: string,
  { address, iamRoleArn, region }: { address: string; iamRoleArn: string; region: string },
): string {
  return [
    copy,
    `FROM ${quoteText(address)}`,
    `IAM_ROLE ${quoteText(iamRoleArn)}`,
    `REGION ${quoteText(region)}`,
    'FORMAT AS CSV',
    "DATEFORMAT 'auto'",
    "TIMEFORMAT 'auto'",
    'COMPUPDATE OFF',
    'STATUPDATE OFF',
  ].join('\n');
}

/** Puts the rows into the bucket, has them read from there, and takes them away again, whatever comes of it. */
export async function copyThroughStage<T>(
  { store }: Pick<RedshiftStage, 'store'>,
  csv: AsyncIterable<Uint8Array>,
  read: (address: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'argosy-redshift-'));
  const key = `${PREFIX}${randomUUID()}.csv`;
  try {
    const path = join(folder, 'rows.csv');
    await pipeline(Readable.from(nullMarked(csv)), createWriteStream(path));
    await store.put(key, { path, sizeBytes: (await stat(path)).size });
    return await read(`${store.url}/${key}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    // One that stays is harmless: its name is never used again, and the next expiry of the prefix takes it.
    await store.delete(key).catch(() => undefined);
  }
}

/** PostgreSQL's CSV tells NULL from an empty text by its quotes; to Redshift it is told by a text of its own. */
export async function* nullMarked(csv: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isQuoted = false;
  let isFieldEmpty = true;
  for await (const chunk of csv) {
    const parts: Uint8Array[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === QUOTE) {
        isQuoted = !isQuoted;
        isFieldEmpty = false;
      } else if (!isQuoted && (byte === COMMA || byte === NEWLINE || byte === RETURN)) {
        if (isFieldEmpty) {
          parts.push(chunk.subarray(start, at), NULL_TEXT);
          start = at;
        }
        // A carriage return ends a field, and its newline is no other one.
        isFieldEmpty = byte !== RETURN;
      } else {
        isFieldEmpty = false;
      }
    }
    parts.push(chunk.subarray(start));
    yield Buffer.concat(parts);
  }
}
