import { createHash } from 'node:crypto';
import { createGunzip, type Gunzip } from 'node:zlib';

const GZIP = [0x1f, 0x8b] as const;

/** The md5 of a file as it comes, or of what is packed in it where it is gzip; bytes that cannot be unpacked are left out. */
export interface ContentHash {
  /** Waits while earlier bytes are unpacked. */
  update(bytes: Uint8Array): Promise<void>;
  digest(): Promise<string>;
}

/** A hash by which a packed copy of a file is known. */
export function contentHash(): ContentHash {
  const md5 = createHash('md5');
  let first: Uint8Array | null = new Uint8Array();
  let gunzip: Gunzip | null = null;
  const take = async (bytes: Uint8Array): Promise<void> => {
    if (gunzip === null) md5.update(bytes);
    else if (!gunzip.destroyed && !gunzip.write(bytes)) await drained(gunzip);
  };
  const begin = async (head: Uint8Array): Promise<void> => {
    first = null;
    if (GZIP.every((byte, at) => head[at] === byte)) gunzip = unpackingInto(md5);
    await take(head);
  };
  return {
    async update(bytes) {
      if (first === null) return take(bytes);
      const head = Buffer.concat([first, bytes]);
      if (head.length < GZIP.length) first = head;
      else await begin(head);
    },
    async digest() {
      if (first !== null) await begin(first);
      if (gunzip !== null && !gunzip.destroyed) {
        const closed = new Promise((resolve) => gunzip?.once('close', resolve));
        gunzip.end();
        await closed;
      }
      return md5.digest('hex');
    },
  };
}

/** A damaged file is refused by whoever reads it; here it only ends. */
function unpackingInto(md5: { update(bytes: Uint8Array): unknown }): Gunzip {
  const gunzip = createGunzip();
  gunzip.on('data', (bytes: Uint8Array) => void md5.update(bytes));
  gunzip.on('error', () => undefined);
  return gunzip;
}

/** Until it takes more, or never will. */
async function drained(gunzip: Gunzip): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      gunzip.off('drain', end).off('close', end);
      resolve();
    };
    gunzip.on('drain', end).on('close', end);
  });
}
