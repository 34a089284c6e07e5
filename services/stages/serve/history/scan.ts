import { statSync } from 'node:fs';
import { PipelineError } from '../../../core/error.ts';
import { humaneBytes } from '../../../core/humane.ts';
import type { OpenedObject, ServePorts } from '../localise.ts';

/** Objects whose size is asked for beside each other. */
const HEADS_AT_ONCE = 16;

/** How many bytes the objects of a question have. */
export interface Scan {
  /** What the question is to be asked with. */
  ports: ServePorts;
  /** Of all objects opened so far. */
  bytes(): number;
}

/**
 * Ports that add up the objects which a question opens, and refuse it (`too-large`) before one is fetched where they
 * have more bytes than the limit. Whole objects count, though fewer of their columns may be read.
 */
export function scanning(ports: ServePorts, limitBytes: number | null): Scan {
  const sizes = new Map<string, number | undefined>();
  const sum = (): number => [...sizes.values()].reduce<number>((all, one) => all + (one ?? 0), 0);
  return {
    bytes: sum,
    ports: {
      ...ports,
      async opening(objects) {
        await ports.opening?.(objects);
        const sized = limitBytes === null ? objects : await withSizes(ports, objects);
        for (const { key, sizeBytes } of sized) sizes.set(key, sizeBytes);
        const total = sum();
        if (limitBytes === null || total <= limitBytes) return;
        const message = `query opens ${humaneBytes(total)} of objects, more than ${humaneBytes(limitBytes)}`;
        throw new PipelineError('too-large', message, {
          hint: 'ask for fewer tables or partitions, or raise --scan-limit',
        });
      },
      opened(paths) {
        ports.opened?.(paths);
        for (const [key, path] of paths)
          if (sizes.get(key) === undefined) sizes.set(key, statSync(path).size);
      },
    },
  };
}

async function withSizes(
  { store, signal }: ServePorts,
  objects: readonly OpenedObject[],
): Promise<readonly OpenedObject[]> {
  const sized: OpenedObject[] = [];
  for (let at = 0; at < objects.length; at += HEADS_AT_ONCE) {
    const batch = objects.slice(at, at + HEADS_AT_ONCE).map(async (object) => {
      if (object.sizeBytes !== undefined) return object;
      const info = await store.head(object.key, { signal });
      // One that is gone is told of when it is fetched.
      return { key: object.key, sizeBytes: info?.sizeBytes ?? 0 };
    });
    sized.push(...(await Promise.all(batch)));
  }
  return sized;
}
