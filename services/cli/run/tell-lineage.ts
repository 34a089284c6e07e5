import { sha256 } from '../../core/manifest.ts';
import type { LineageEvent } from '../../ports/lineage.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { RunIdentity, Step } from '../../ports/step.ts';
import { type RunRecord, runCollection, stepCollection } from '../../stages/observe/run-record.ts';
import {
  byId,
  endOf,
  type LineageFlow,
  type LineageRun,
  runEvent,
  stepEvent,
  type ToldStep,
} from '../../stages/observe/lineage/event.ts';
import { type PipelineFlow, type StepFlow, wholeFlow } from '../../stages/observe/lineage/flow.ts';
import { findWing } from '../commands.ts';
import type { Config } from '../config/config.ts';
import { openLineage } from '../wire/lineage.ts';
import { bucketOf } from '../wire/wire.ts';
import { withoutSecrets } from './redact-record.ts';
import type { StepHost } from './step-host.ts';

/** What a lineage event is made with. */
type LineageHost = Pick<StepHost, 'config' | 'log' | 'openBucket'>;

/** One attempt of a step. */
export interface LineageStep {
  step: Step;
  parameters: Readonly<Record<string, string>>;
  attempt: number;
}

/** Tells that a step has begun, or, with what it left behind, how it ended. Steps that handle no data are not told. */
export function tellStep(
  host: LineageHost,
  run: RunIdentity,
  one: LineageStep & { eventTime: string; told: ToldStep | null },
): Promise<void> {
  return telling(host, async () => {
    const { about, flow } = await contextOf(host, run);
    const { name, summary } = one.step;
    const own = flow.steps[name];
    if (own === undefined) return null;
    const id = `${name}-${sha256(JSON.stringify(one.parameters)).slice(0, 8)}`;
    const step = { name, summary, attempt: one.attempt, id };
    return stepEvent({ ...about, step }, await flowOf(host, about, flow, own), one);
  });
}

/** Tells that a run has begun. */
export function tellRunStart(
  host: LineageHost,
  run: RunIdentity,
  eventTime: string,
): Promise<void> {
  return telling(host, async () => {
    const { about, flow } = await contextOf(host, run);
    // Which steps it will come to is not known yet.
    const none = await flowOf(host, about, flow, { reads: [], writes: [] });
    return runEvent(about, none, { eventTime, record: null });
  });
}

/**
 * Tells how a run has ended, from its record; each kind of end once, however often it is asked to: an exit handler may be
 * tried again. `isAborted`: it was stopped before its record could say how it ended.
 */
export function tellRunEnd(
  host: LineageHost & { records: RecordStore },
  run: RunIdentity,
  { eventTime, isAborted = false }: { eventTime: string; isAborted?: boolean },
): Promise<void> {
  return telling(host, async () => {
    const { records } = host;
    const kept = await records.get<RunRecord>(runCollection(run.pipeline), run.runId);
    if (kept === null) return null;
    const record: RunRecord = isAborted
      ? { ...kept, status: 'failed', error_class: 'interrupted' }
      : kept;
    const end = endOf(record.status === 'success', record.error_class);
    const claim = `lineage-${end.toLowerCase()}`;
    const isFirst = await records
      .putIfAbsent(stepCollection(run), claim, { eventTime })
      // Told twice is better than never.
      .catch(() => true);
    if (!isFirst) return null;
    const { about, flow } = await contextOf(host, run);
    const done = wholeFlow(
      flow,
      record.steps.map(({ step }) => step),
    );
    return runEvent(about, await flowOf(host, about, flow, done), { eventTime, record });
  });
}

/** Nothing that goes wrong here is the run's business. */
async function telling(host: LineageHost, make: () => Promise<LineageEvent | null>): Promise<void> {
  const queue = openLineage(host);
  if (queue === null) return;
  try {
    const event = await make();
    if (event !== null) queue.send(redacted(event, host.config));
  } catch (error) {
    const secrets = host.config.secrets.map((one) => one.reveal());
    host.log.warn('lineage.failed', { reason: withoutSecrets(String(error), secrets) });
  }
}

async function contextOf(
  { config, openBucket }: LineageHost,
  run: RunIdentity,
): Promise<{ about: LineageRun; flow: PipelineFlow }> {
  const wing = findWing(run.pipeline);
  const { environment } = config;
  const storeUrl = openBucket(bucketOf(config, run.pipeline)).url;
  const flow = await wing.flow(environment);
  return { about: { run, storeUrl, environment, summary: wing.summary }, flow };
}

async function flowOf(
  { config, openBucket }: LineageHost,
  { run, storeUrl }: LineageRun,
  whole: PipelineFlow,
  flow: StepFlow,
): Promise<LineageFlow> {
  const loaded = (await findWing(run.pipeline).warehouse?.()) ?? [];
  return {
    flow,
    datasets: {
      tables: byId(whole.tables),
      warehouse: byId(loaded),
      sources: whole.sources,
      database: whole.database,
      storeUrl,
      sideUrl: (name) => openBucket(bucketOf(config, `${run.pipeline}-${name}`)).url,
      warehouseUrl: warehouseUrlOf(config),
      sourceDatabaseUrl:
        config.sourceDatabase === undefined ? null : bareUrl(config.sourceDatabase.reveal()),
    },
  };
}

function warehouseUrlOf({ warehouse }: Config): string {
  return warehouse.kind === 'pglite'
    ? `pglite:${warehouse.folder}`
    : bareUrl(warehouse.url.reveal());
}

/** Without user, password and settings. */
function bareUrl(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}

/** What we wrote ourselves; as addresses with a `#` these would be cut. */
const OURS: ReadonlySet<string> = new Set(['_schemaURL', '_producer', 'schemaURL', 'producer']);

/** Every text of the event without secrets. */
function redacted(event: LineageEvent, { secrets }: Config): LineageEvent {
  const values = secrets.map((one) => one.reveal());
  const safe = (value: unknown): unknown => {
    if (typeof value === 'string') return withoutSecrets(value, values);
    if (Array.isArray(value)) return value.map(safe);
    if (typeof value !== 'object' || value === null) return value;
    const fields = Object.entries(value);
    return Object.fromEntries(
      fields.map(([name, inner]) => [name, OURS.has(name) ? inner : safe(inner)]),
    );
  };
  return safe(event) as LineageEvent;
}
