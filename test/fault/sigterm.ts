import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { type ArchiveServer, serveArchive } from '../../services/sample/archive-server.ts';
import {
  makeArchive,
  SAMPLE_FIRST_YEAR,
  SAMPLE_VINTAGES,
} from '../../services/sample/fama-french-archive.ts';
import { seededRandom } from '../support/bytes.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { contentOf, copyStore, sharedEngine } from '../support/pipeline.ts';
import { stepProcess } from '../support/step-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { famaFrenchAsArgo, type Outputs } from '../support/workflow-steps.ts';

/** A place for stores: each call gives an empty one, and the settings with which argosy finds it. */
export type OpenStore = (
  name: string,
) => Promise<{ store: ObjectStore; env: Record<string, string> }>;

export interface SigtermOptions {
  openStore: OpenStore;
  /** How often each step is ended. */
  points: number;
  seed: number;
  within?: readonly string[];
}

export interface SigtermFindings {
  faults: string[];
  /** How many ends came before the step was over, by the step's name. */
  hits: Map<string, number>;
}

const STOP_MS_MAX = 10_000;
/** On a busy machine a moment may come after the step's end: then it is tried again at this part of it. */
const PARTS = [1, 0.5, 0.25, 0, 0, 0];
const LOGICAL_DATE = '2026-11-21';

interface Bench extends SigtermOptions, AsyncDisposable {
  archive: ArchiveServer;
  folder: string;
  openEngine: Awaited<ReturnType<typeof sharedEngine>>['openEngine'];
  random: () => number;
  found: SigtermFindings;
}

/**
 * Runs the pipeline step by step, each step in a process. Before each step goes on, it is tried on copies of the store:
 * ended by SIGTERM at moments of chance (earlier ones while it is over by then), looked at, and run again, whereupon the
 * copy must be what the step makes of the store undisturbed.
 */
export async function sigtermFindings(options: SigtermOptions): Promise<SigtermFindings> {
  await using bench = await openBench(options);
  const calm = await options.openStore('calm');
  await famaFrenchAsArgo({ 'archive-url': bench.archive.url }, async (node, args) => {
    const before = await options.openStore(`before-${node}`);
    await copyStore(calm.store, before.store);
    const { outputs, durationMs } = await undisturbed(bench, { node, args, env: calm.env });
    const after = await dataOf(calm.store);
    const name = node.replace(/-\d+$/, '');
    bench.found.hits.set(name, bench.found.hits.get(name) ?? 0);
    for (let point = 1; point <= options.points; point += 1) {
      const drawnMs = bench.random() * durationMs * 0.8;
      for (const [index, part] of PARTS.entries()) {
        const copy = await options.openStore(`${node}-${point}-${index}`);
        await copyStore(before.store, copy.store);
        const call = { name, node, args, point, momentMs: drawnMs * part, copy, after };
        if (await disturb(bench, call)) break;
      }
    }
    return outputs;
  });
  return bench.found;
}

async function openBench(options: SigtermOptions): Promise<Bench> {
  const folder = await tempFolder();
  const engine = await sharedEngine(folder.path);
  const shape = { vintages: SAMPLE_VINTAGES.slice(0, 3), seed: 7, firstYear: SAMPLE_FIRST_YEAR };
  const archive = await serveArchive(makeArchive(shape));
  return {
    ...options,
    archive,
    folder: folder.path,
    openEngine: engine.openEngine,
    random: seededRandom(options.seed),
    found: { faults: [], hits: new Map() },
    async [Symbol.asyncDispose]() {
      await archive.close();
      await engine.close();
      await folder.remove();
    },
  };
}

interface Call {
  node: string;
  args: readonly string[];
  env: Record<string, string>;
}

function start({ folder, within = [] }: Bench, { node, args, env }: Call) {
  return stepProcess(args, {
    cwd: folder,
    within,
    env: {
      ...env,
      ARGOSY_OUT: join(folder, 'out', node),
      ARGOSY_SCRATCH: join(folder, 'scratch'),
      ARGOSY_LOGICAL_DATE: LOGICAL_DATE,
    },
  });
}

interface Undisturbed {
  outputs: Outputs;
  /** From the step's first log line to the end of its process. */
  durationMs: number;
}

async function undisturbed(bench: Bench, call: Call): Promise<Undisturbed> {
  const step = start(bench, call);
  const begunAt = await step.begun;
  const { exitCode, stderr } = await step.end;
  const durationMs = performance.now() - begunAt;
  if (exitCode !== 0) throw new Error(`${call.node} ended with ${exitCode}: ${stderr}`);
  const out = join(bench.folder, 'out', call.node);
  await mkdir(out, { recursive: true });
  const outputs: Record<string, string> = {};
  for (const name of await readdir(out)) outputs[name] = await readFile(join(out, name), 'utf8');
  await rm(out, { recursive: true });
  return { outputs, durationMs };
}

interface Disturbance {
  name: string;
  node: string;
  args: readonly string[];
  point: number;
  /** When the signal is sent, after the step's first log line. */
  momentMs: number;
  copy: Awaited<ReturnType<OpenStore>>;
  /** What the step makes of the store undisturbed. */
  after: ReadonlyMap<string, string>;
}

/** True when the signal came before the step was over. */
async function disturb(bench: Bench, one: Disturbance): Promise<boolean> {
  const { copy, node, args } = one;
  const tell = (text: string) => bench.found.faults.push(`${node}, point ${one.point}: ${text}`);
  const step = start(bench, { node, args, env: copy.env });
  await step.begun;
  await momentOf(one.momentMs);
  const killedAt = performance.now();
  await step.terminate();
  const end = await step.end;
  const endedMs = performance.now() - killedAt;
  if (endedMs > STOP_MS_MAX) tell(`it took ${Math.round(endedMs)} ms to end`);
  const isHit = end.exitCode === 143;
  if (isHit) bench.found.hits.set(one.name, (bench.found.hits.get(one.name) ?? 0) + 1);
  else if (end.exitCode !== 0) tell(`it ended with ${end.exitCode}: ${end.stderr}`);
  const lines = end.stderr.split('\n').filter((line) => line !== '');
  const odd = lines.find((line) => !line.startsWith('{'));
  if (odd !== undefined) tell(`a line of its log is not JSON: ${odd}`);
  tellLeftovers(await scratchOf(bench), tell);
  const ports = { store: copy.store, openEngine: bench.openEngine };
  for (const fault of await brokenInvariants(ports, bench.folder)) tell(fault);
  await undisturbed(bench, { node, args, env: copy.env });
  const again = await dataOf(copy.store);
  for (const key of new Set([...again.keys(), ...one.after.keys()])) {
    if (again.get(key) !== one.after.get(key)) tell(`run again, ${key} differs`);
  }
  return isHit;
}

/** The moment of the signal is what is drawn here: nothing tells of it. */
function momentOf(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

function tellLeftovers(names: readonly string[], tell: (text: string) => void): void {
  if (names.length > 0) tell(`scratch holds ${names.join(', ')}`);
}

async function scratchOf({ folder }: Bench): Promise<string[]> {
  const path = join(folder, 'scratch');
  await mkdir(path, { recursive: true });
  return readdir(path);
}

/** Hashes of all objects but of those that also tell when a run was. */
async function dataOf(store: ObjectStore): Promise<Map<string, string>> {
  const content = await contentOf(store);
  for (const key of content.keys()) {
    if (/^_records\/downloads\/|^ingestion_map\//.test(key)) content.set(key, 'there');
  }
  return content;
}
