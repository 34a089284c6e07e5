import { createReadStream } from 'node:fs';
import { PipelineError, type ErrorKind } from '../../../core/error.ts';
import type { Source, SourceFile } from '../../../ports/source.ts';
import type { Feed } from './feed.ts';

const READ_BYTES = 256 * 1024;
const CSV = /\.csv(?:\.gz)?$/i;

/**
 * The CSV files that a `file:` address names: the file itself, whatever it is called, or in the order of names those
 * in the folder that end in `.csv` or `.csv.gz`.
 */
export async function fileFeeds(source: Source, url: string, signal: AbortSignal): Promise<Feed[]> {
  if (source.files === undefined) {
    throw new PipelineError('unsupported', `${url}: no files of this machine can be read here`, {
      hint: 'put them into a bucket, and name s3://bucket/prefix/ or a key',
    });
  }
  const files = await source.files(url);
  const [first] = files;
  const isItself =
    files.length === 1 && first !== undefined && !url.endsWith('/') && !CSV.test(first.url);
  const wanted = isItself ? files : files.filter((file) => CSV.test(file.url));
  return wanted.map((file) => fileFeed(source, url, { file, signal }));
}

function fileFeed(
  source: Source,
  url: string,
  { file, signal }: { file: SourceFile; signal: AbortSignal },
): Feed {
  return {
    address: file.url,
    etag: file.etag,
    content: { kind: 'bytes', open: async () => bytesOf(file, signal) },
    verify: async () => {
      const now = (await source.files?.(url))?.find((one) => one.url === file.url);
      if (now?.etag === file.etag) return;
      throw new PipelineError('conflict', `${file.url}: changed while it was read`, {
        hint: 'run again: it is read as it is then',
      });
    },
  };
}

async function* bytesOf(file: SourceFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file.path, { highWaterMark: READ_BYTES, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { code = '' } = error as NodeJS.ErrnoException;
    const kind: ErrorKind = code === 'EACCES' ? 'denied' : 'unavailable';
    throw new PipelineError(kind, `${file.url} cannot be read: ${code}`, { cause: error });
  }
}
