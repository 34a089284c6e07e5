import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import type { StepPorts } from '../../../ports/step.ts';

/** A Parquet object of the clean manifest. */
export interface CleanObject {
  key: string;
  rows: number;
  sha256: string;
}

/** How a clean object becomes the CSV that a warehouse takes. */
export interface CsvRequest {
  object: CleanObject;
  /** The columns in the order of the CSV. */
  columns: readonly string[];
  /** The file's name in the scratch folder. */
  name: string;
}

/** What reading a clean object needs of the ports. */
export type CleanPorts = Pick<StepPorts, 'store' | 'openEngine' | 'scratch' | 'signal'>;

const READ_BYTES = 1 << 18;

/**
 * Writes a clean object as CSV below the scratch folder: decimals as they are, NULL as nothing, an empty text in quotes.
 * `input-invalid` when the object's bytes are not those that the manifest names, `not-found` when it is gone.
 */
export async function writeCsv(ports: CleanPorts, request: CsvRequest): Promise<string> {
  const parquet = await localParquet(ports, request.object);
  const path = join(ports.scratch, request.name);
  const list = request.columns.map(quoteIdentifier).join(', ');
  const engine = await ports.openEngine([ports.scratch, dirname(parquet)]);
  try {
    await engine.run(
      `COPY (SELECT ${list} FROM read_parquet(${quoteText(parquet)}))
       TO ${quoteText(path)} (FORMAT csv, HEADER false)`,
    );
  } finally {
    await engine.close();
  }
  return path;
}

/** The bytes of a file of ours, in pieces that suit a connection. */
export function readPieces(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: READ_BYTES });
}

/** A clean object as a file that the engine may read; its bytes are those of the manifest. */
export async function localParquet(ports: CleanPorts, object: CleanObject): Promise<string> {
  const { store, scratch, signal } = ports;
  const address = `${store.url}/${object.key}`;
  const there = await store.localPath(object.key);
  // A path with a pattern in it would name other files too.
  const isUsable = there !== null && !/[*?[\]]/.test(there);
  const path = isUsable ? there : join(scratch, `${object.sha256}.parquet`);
  const hash = createHash('sha256');
  const seen = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const piece of source) {
      hash.update(piece);
      yield piece;
    }
  };
  if (isUsable) for await (const piece of seen(readPieces(path))) void piece;
  else
    await pipeline(await store.open(object.key, { signal }), seen, createWriteStream(path), {
      signal,
    });
  if (hash.digest('hex') === object.sha256) return path;
  throw new PipelineError(
    'input-invalid',
    `${address}: bytes are not those of the clean manifest`,
    {
      hint: 'the object is damaged: restore it, or run the pipeline again from transform on',
    },
  );
}
