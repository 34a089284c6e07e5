import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Registry } from 'prom-client';

import { PipelineError } from '../core/error.ts';

/** What the metrics are about; without a step they are those of a whole run. */
export interface MetricGroup {
  pipeline: string;
  step?: string;
}

/** Where to push to, and how long a run waits for its metrics to be taken. */
export interface MetricGateway {
  url: string;
  /** Default 5,000. */
  timeoutMs?: number;
}

/**
 * Adds the metrics to those a Pushgateway has of the same pipeline and step. A run never fails for
 * its metrics: what went wrong is returned, `null` when nothing did.
 */
export async function pushMetrics(
  gateway: MetricGateway,
  group: MetricGroup,
  registry: Registry,
): Promise<string | null> {
  const { url, timeoutMs = 5_000 } = gateway;
  const { default: prom } = await import('prom-client');
  const groupings: Record<string, string> = { pipeline: group.pipeline };
  if (group.step !== undefined) groupings['step'] = group.step;
  const signal = AbortSignal.timeout(timeoutMs);
  const client = new prom.Pushgateway(url, { signal }, registry);
  try {
    const push = withoutDeprecation(() => client.pushAdd({ jobName: 'argosy', groupings }));
    await Promise.race([push, abortOf(signal)]);
    return null;
  } catch (error) {
    // The data is safe by now: metrics that are lost are worth a warning, not a failed step.
    return `Pushgateway ${url}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** prom-client calls `url.parse`, of which Node 24 warns every user of a bundle (DEP0169). */
function withoutDeprecation<T>(call: () => T): T {
  const before = process.noDeprecation;
  process.noDeprecation = true;
  try {
    return call();
  } finally {
    process.noDeprecation = before ?? false;
  }
}

/**
 * Rejects when the signal is aborted: prom-client waits for ever for the rest of a reply that was
 * begun.
 */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/**
 * Writes `{pipeline}.{step}.prom`, that of a run `{pipeline}.prom`, into the folder, whole or not at all, as node_exporter's textfile
 * collector wants it; returns its path.
 */
export async function writeMetrics(
  folder: string,
  group: MetricGroup,
  text: string,
): Promise<string> {
  // The dot keeps step `b` of pipeline `a` from the file of a pipeline `a-b`.
  const name = group.step === undefined ? group.pipeline : `${group.pipeline}.${group.step}`;
  if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)?$/.test(name)) {
    throw new PipelineError('bug', `metrics of "${name}": not a name of a pipeline or step`);
  }
  const path = join(folder, `${name}.prom`);
  const partial = join(folder, `.${name}.${randomUUID()}.tmp`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(partial, text);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw new PipelineError('unavailable', `${path} cannot be written`, { cause: error });
  }
  return path;
}
