import { lineageFile } from '../../adapters/lineage/file.ts';
import { lineageHttp } from '../../adapters/lineage/http.ts';
import { type LineageQueue, lineageQueue } from '../../layers/lineage-queue.ts';
import type { LineageSink } from '../../ports/lineage.ts';
import type { Config } from '../config/config.ts';
import type { Wiring } from './wire.ts';

const opened = new WeakMap<Config, LineageQueue>();

/** Where lineage events of this process go, opened at the first call; null for nowhere. */
export function openLineage({ config, log }: Pick<Wiring, 'config' | 'log'>): LineageQueue | null {
  const known = opened.get(config);
  if (known !== undefined) return known;
  const sink = sinkOf(config);
  if (sink === null) return null;
  const queue = lineageQueue({ sink, log });
  opened.set(config, queue);
  return queue;
}

/** Waits, with a bound, for the events that are on their way; at the end of the process. */
export async function closeLineage({ config }: Pick<Wiring, 'config'>): Promise<void> {
  const queue = opened.get(config);
  opened.delete(config);
  await queue?.close();
}

function sinkOf({ lineage, lineageApiKey: apiKey }: Config): LineageSink | null {
  if (lineage === null) return null;
  return lineage.kind === 'file'
    ? lineageFile(lineage.folder)
    : lineageHttp({ url: lineage.url, apiKey });
}
