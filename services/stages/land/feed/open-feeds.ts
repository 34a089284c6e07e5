import { PipelineError } from '../../../core/error.ts';
import type { StepPorts } from '../../../ports/step.ts';
import type { SourceAddress } from './address.ts';
import { databaseFeed } from './database-rows.ts';
import type { Feed, FeedRequest } from './feed.ts';
import { fileFeeds } from './files.ts';
import { httpFeed } from './http-pages.ts';
import { objectFeeds } from './objects.ts';

/** What of a step's ports sources are read by. */
export type FeedPorts = Pick<
  StepPorts,
  | 'store'
  | 'foreignStore'
  | 'source'
  | 'sourceDatabase'
  | 'settings'
  | 'signal'
  | 'openEngine'
  | 'scratch'
>;

/** Prefixes of a pipeline's own bucket that it writes itself. */
const OWN = /^(?:$|_|extracted\/|clean\/|quality\/|processed\/)/;

/** The feeds that one address stands for: one, or as many as there are files. */
export async function openFeeds(
  ports: FeedPorts,
  address: SourceAddress,
  request: FeedRequest,
): Promise<Feed[]> {
  const { source, settings, signal } = ports;
  if (address.kind === 'http') {
    const { sourceAuthorization: authorization } = settings;
    return [httpFeed(address.url, request, { source, authorization, signal })];
  }
  if (address.kind === 'file') return fileFeeds(source, address.url, signal);
  if (address.kind === 'database') {
    return [databaseFeed(await ports.sourceDatabase(), request, signal)];
  }
  const { bucket, key } = address;
  if (bucket !== null) return objectFeeds(ports.foreignStore(bucket), key, ports);
  if (OWN.test(key)) throw notASource(key);
  return objectFeeds(ports.store, key, ports);
}

function notASource(key: string): PipelineError {
  const message = `${JSON.stringify(key)} is no source: the pipeline itself writes there`;
  return new PipelineError('config-invalid', message, { hint: 'put sources below inbox/' });
}
