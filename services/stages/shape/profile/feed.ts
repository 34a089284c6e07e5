import { PipelineError } from '../../../core/error.ts';
import { openColumns } from './open-columns.ts';
import { scan } from './scan.ts';
import { type Scan } from './scan-state.ts';
import { checkBytes } from './text-encoding.ts';

/** A cell beyond this is refused: a quote that was left open would hold the rest of the file. */
export const CELL_BYTES_MAX = 32 * 2 ** 20;

/** Scans a whole text from chunks of any size; `too-large` for a cell or a text beyond its limit. */
export async function feed(
  state: Scan,
  chunks: AsyncIterable<Uint8Array>,
  options: { bytesMax: number; afterScan?: () => Promise<void> },
): Promise<void> {
  const { bytesMax, afterScan } = options;
  const buffer = growing();
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > bytesMax) {
      throw new PipelineError('too-large', `the text has more than ${bytesMax} bytes`);
    }
    // A cell that goes on is looked at again only when it may be twice as long, so that long ones cost no more.
    const bytes = buffer.add(chunk);
    if (bytes !== null) buffer.keep(bytes, scanAll(state, bytes, false));
    if (buffer.kept() > CELL_BYTES_MAX) throw longCell(state);
    await afterScan?.();
  }
  const rest = buffer.rest();
  scanAll(state, rest, true);
  await afterScan?.();
}

/** The error of a cell that is longer than can be. */
export function longCell({ line }: Pick<Scan, 'line'>): PipelineError {
  const message = `the cell that begins on line ${line} has more than ${CELL_BYTES_MAX} bytes`;
  return new PipelineError('too-large', message, { hint: 'is a quote left open there?' });
}

/** Scans what is there and returns where the open cell begins. */
export function scanAll(state: Scan, bytes: Uint8Array, isLast: boolean): number {
  const end = bytes.length;
  let start = 0;
  for (;;) {
    const { line, isInHeader } = state;
    const at = scan(state, { bytes, start, end, isLast, stop: Infinity });
    checkBytes(state.structure, { bytes: bytes.subarray(start, at), line });
    start = at;
    if (state.isInHeader === isInHeader) return at;
    openColumns(state);
  }
}

/** Bytes that wait for more to follow. */
function growing() {
  let held: Uint8Array = new Uint8Array(0);
  let length = 0;
  let wanted = 0;
  return {
    kept: () => length,
    rest: () => held.subarray(0, length),
    /** The bytes that are held with the chunk behind them; null while they are too few to be worth a look. */
    add(chunk: Uint8Array): Uint8Array | null {
      if (length === 0) return chunk;
      if (held.length < length + chunk.length) {
        const larger = Buffer.allocUnsafe(Math.max(held.length * 2, length + chunk.length));
        larger.set(held.subarray(0, length));
        held = larger;
      }
      held.set(chunk, length);
      length += chunk.length;
      return length < wanted ? null : held.subarray(0, length);
    },
    /** Holds what begins at `from`; it may lie in the bytes held before. */
    keep(bytes: Uint8Array, from: number): void {
      const tail = bytes.subarray(from);
      if (held.length < tail.length) held = Buffer.allocUnsafe(tail.length * 2);
      held.set(tail);
      length = tail.length;
      wanted = length * 2;
    },
  };
}
