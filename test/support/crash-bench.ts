import { existsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import type { Fault, FaultPlan } from '../../services/layers/fault.ts';
import { Crash, faultPlan, faultSource, faultStore } from '../../services/layers/fault.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { textOf } from './bytes.ts';
import {
  brokenInvariants,
  landedZips,
  partFaults,
  rawFaults,
  readerView,
  rowFaults,
} from './invariants.ts';
import {
  type Bench,
  contentOf,
  copyStore,
  goodRun,
  type RunOptions,
  runPipeline,
  sharedEngine,
  START,
} from './pipeline.ts';
import { tempFolder } from './temp-folder.ts';
import { tinyCsv, tinySite, type TinySite, zipOf, zipPath } from './tiny-site.ts';

const BUCKET = 'argosy-test';

/** A run that is disturbed over and over, each time from the same beginning. */
export interface CrashBench extends AsyncDisposable {
  /** Calls to store and source of the undisturbed run, in order. */
  calls: readonly string[];
  /** What is wrong after the run was disturbed by the fault, and after the next run. */
  disturb(fault: Fault, expects: (error: unknown) => string | null): Promise<string[]>;
}

export interface CrashBenchOptions {
  store: 'memory' | 'filesystem';
  /** `first`: into an empty bucket. `update`: the day after a good run, one ZIP holds revised numbers. */
  scenario: 'first' | 'update';
}

/** What the undisturbed run has shown. */
interface Undisturbed {
  calls: readonly string[];
  content: Map<string, string>;
  viewBefore: string;
  viewAfter: string;
  landedBefore: Map<string, string>;
}

interface Place {
  site: TinySite;
  stores: Stores;
  openEngine: Bench['openEngine'];
  folder: string;
  run: RunOptions;
}

/** Makes the beginning of a scenario and runs it undisturbed once. */
export async function crashBench(options: CrashBenchOptions): Promise<CrashBench> {
  const folder = await tempFolder();
  const engine = await sharedEngine(folder.path);
  const stores = options.store === 'memory' ? memoryStores() : filesystemStores(folder.path);
  const place: Place = {
    site: tinySite(),
    stores,
    openEngine: engine.openEngine,
    folder: folder.path,
    run: options.scenario === 'update' ? { logicalDate: '2026-11-22' } : {},
  };
  const dispose = async (): Promise<void> => {
    await engine.close();
    await folder.remove();
  };
  try {
    if (options.scenario === 'update') await runDayBefore(place);
    await stores.keep();
    const undisturbed = await runUndisturbed(place);
    return {
      calls: undisturbed.calls,
      disturb: (fault, expects) => disturb(place, undisturbed, { fault, expects }),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Crashes the scenario before and after every n-th call, and tells all that was wrong, by call. */
export async function crashFaults(options: CrashBenchOptions, every: number): Promise<string[]> {
  const sides = (['before', 'after'] as const).map((when) => crashSide(options, every, when));
  return (await Promise.all(sides)).flat();
}

/** The two sides have a bench of their own, so that one calculates while the other waits for its engine. */
async function crashSide(
  options: CrashBenchOptions,
  every: number,
  when: 'before' | 'after',
): Promise<string[]> {
  await using bench = await crashBench(options);
  const faults: string[] = [];
  // With gaps, the two sides take different calls.
  const first = when === 'before' ? 1 : 1 + Math.floor(every / 2);
  for (let call = first; call <= bench.calls.length; call += every) {
    const found = await bench.disturb({ call, when, error: 'crash' }, (error) =>
      error instanceof Crash ? null : `the run did not end in the crash but in ${String(error)}`,
    );
    const at = `${when} call ${call} (${bench.calls[call - 1]})`;
    faults.push(...found.map((fault) => `${at}: ${fault}`));
  }
  return faults;
}

/** A good run, after which one vintage is revised: other numbers, one more rejected row. */
async function runDayBefore(place: Place): Promise<void> {
  await goodRun(benchOf(place, await place.stores.begin()), { runId: 'day-before' });
  const revised = zipOf({ '6_Portfolios_2x3.CSV': tinyCsv({ nudge: 1, rejects: 2 }) });
  place.site.files.set(zipPath('201707'), revised);
}

async function runUndisturbed(place: Place): Promise<Undisturbed> {
  const store = await place.stores.begin();
  const ports = { store, openEngine: place.openEngine };
  const viewBefore = (await readerView(ports, place.folder)).view;
  const landedBefore = await landedZips(store);
  const plan = faultPlan();
  await goodRun(benchOf(place, store, plan), { ...place.run, runId: 'calm' });
  const broken = await brokenInvariants(ports, place.folder, landedBefore);
  if (broken.length > 0) throw new Error(broken.join('\n'));
  const viewAfter = (await readerView(ports, place.folder)).view;
  return {
    calls: plan.calls,
    content: await contentOf(store),
    viewBefore,
    viewAfter,
    landedBefore,
  };
}

async function disturb(
  place: Place,
  calm: Undisturbed,
  { fault, expects }: { fault: Fault; expects: (error: unknown) => string | null },
): Promise<string[]> {
  const store = await place.stores.begin();
  const ports = { store, openEngine: place.openEngine };
  const bench = benchOf(place, store, faultPlan([fault]));
  const disturbed = await runPipeline(bench, { ...place.run, runId: 'disturbed' });
  const unexpected = expects(disturbed.error);
  const faults = unexpected === null ? [] : [unexpected];
  const seen = await readerView(ports, place.folder);
  faults.push(...seen.faults, ...(await rawFaults(store, calm.landedBefore)));
  faults.push(...(await rowFaults(store)), ...(await partFaults(store)));
  if (seen.view !== calm.viewBefore && seen.view !== calm.viewAfter) {
    faults.push(`a reader sees "${seen.view}", neither the old set nor the new one`);
  }
  const landed = await landedZips(store);
  const again = await runPipeline(benchOf(place, store), { ...place.run, runId: 'again' });
  if (again.error !== null) faults.push(`the next run fails: ${inspect(again.error)}`);
  // L3 and L4 hold for these bytes: they are those of the undisturbed run, which was checked.
  faults.push(...(await rawFaults(store, landed)), ...(await rowFaults(store)));
  faults.push(...(await logFaults(store, calm.landedBefore)));
  const others = otherKeys(calm.content, await contentOf(store));
  if (others.length > 0) faults.push(`the next run ends in other bytes: ${others.join(', ')}`);
  return faults;
}

/** Every ZIP that was landed since is named, with its place, in some log CSV (requirements 1.4). */
async function logFaults(
  store: ObjectStore,
  before: ReadonlyMap<string, string>,
): Promise<string[]> {
  let text = '';
  for await (const { key } of store.list('logs/')) text += textOf(await store.get(key)) ?? '';
  const landed = [...(await landedZips(store)).keys()].filter((key) => !before.has(key));
  return landed.flatMap((key) =>
    text.includes(`${store.url}/${key}`) ? [] : [`no log CSV names the landed ${key}`],
  );
}

function benchOf({ site, openEngine, folder }: Place, store: ObjectStore, plan?: FaultPlan): Bench {
  const ports = plan
    ? { store: faultStore(store, plan), source: faultSource(site.source, plan) }
    : { store, source: site.source };
  return { ...ports, pageUrl: site.pageUrl, openEngine, folder };
}

function otherKeys(one: ReadonlyMap<string, string>, two: ReadonlyMap<string, string>): string[] {
  return [...new Set([...one.keys(), ...two.keys()])].filter(
    (key) => one.get(key) !== two.get(key),
  );
}

/** Stores that begin again and again as one was when it was kept. */
interface Stores {
  /** Keeps the store as it is now: all later ones begin like that. */
  keep(): Promise<void>;
  begin(): Promise<ObjectStore>;
}

function memoryStores(): Stores {
  const empty = () => memoryStore({ bucket: BUCKET, clock: manualClock(START) });
  let last = empty();
  let kept = last;
  return {
    keep: async () => {
      kept = last;
    },
    begin: async () => {
      last = await copyStore(kept, empty());
      return last;
    },
  };
}

/** All in one folder after the other, for the ingestion map names it. */
function filesystemStores(folder: string): Stores {
  const live = join(folder, 'live');
  const kept = join(folder, 'kept');
  const copy = async (from: string, to: string): Promise<void> => {
    await rm(to, { recursive: true, force: true });
    if (existsSync(from)) await cp(from, to, { recursive: true, preserveTimestamps: true });
  };
  return {
    keep: () => copy(live, kept),
    begin: async () => {
      await copy(kept, live);
      return filesystemStore({ folder: live, bucket: BUCKET, clock: manualClock(START) });
    },
  };
}
