import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Commit, commitPrefix, decodeCommit, sha256 } from '../../services/core/manifest.ts';
import { dartmouthDb } from '../../services/pipelines/fama-french/database.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { StepPorts } from '../../services/ports/step.ts';
import type { RunRecord, StepRecord } from '../../services/stages/observe/run-record.ts';

/** sha256 of every landed ZIP by key. */
export async function landedZips(store: ObjectStore): Promise<Map<string, string>> {
  const landed = new Map<string, string>();
  for await (const { key } of store.list('raw_data/')) {
    if (!key.endsWith('.zip')) continue;
    landed.set(key, sha256((await store.get(key)) ?? new Uint8Array()));
  }
  return landed;
}

/** Design L1: what was landed before is there with the same bytes. */
export async function rawFaults(
  store: ObjectStore,
  before: ReadonlyMap<string, string>,
): Promise<string[]> {
  const now = await landedZips(store);
  return [...before].flatMap(([key, hash]) =>
    now.get(key) === hash ? [] : [`L1: landed ${key} is ${now.has(key) ? 'changed' : 'gone'}`],
  );
}

/** Design L2: rows in = rows out + rows rejected, in every step record and every run record. */
export async function rowFaults(store: ObjectStore): Promise<string[]> {
  const faults: string[] = [];
  for await (const { key } of store.list('_records/')) {
    const isRun = /^_records\/runs\/[^/]+\//.test(key);
    if (!isRun && !/^_records\/steps\/.*\/step-/.test(key)) continue;
    const record: unknown = JSON.parse(Buffer.from((await store.get(key)) ?? []).toString());
    const [read, written, rejected] = isRun
      ? rowsOfRun(record as RunRecord)
      : rowsOfStep(record as StepRecord);
    if (read !== written + rejected) {
      faults.push(`L2: ${key}: ${read} rows in, ${written} written, ${rejected} rejected`);
    }
  }
  return faults;
}

function rowsOfRun(run: RunRecord): [number, number, number] {
  return [run.records_extracted, run.records_loaded, run.records_rejected];
}

function rowsOfStep({ counts }: StepRecord): [number, number, number] {
  return [counts.rowsRead ?? 0, counts.rowsWritten ?? 0, counts.rowsRejected ?? 0];
}

/** Every commit of every version, whole: one that is damaged throws. */
export async function allCommits(store: ObjectStore, dataset = 'raw_data'): Promise<Commit[]> {
  const commits: Commit[] = [];
  for await (const { key } of store.list(commitPrefix(dataset))) {
    commits.push(decodeCommit(key, (await store.get(key)) ?? new Uint8Array()));
  }
  return commits;
}

/** Design L3: every part of every commit is there, with its hash. */
export async function partFaults(store: ObjectStore): Promise<string[]> {
  const faults: string[] = [];
  for (const { partition, version, parts } of await allCommits(store)) {
    for (const part of parts) {
      const bytes = await store.get(part.key);
      if (bytes && sha256(bytes) === part.sha256 && bytes.length === part.sizeBytes) continue;
      faults.push(`L3: ${partition} version ${version}: ${part.key} is not what was committed`);
    }
  }
  return faults;
}

/**
 * What a reader sees through the ingestion map: `partition@version` of each visible vintage, in order. One of which
 * he sees only a part, or parts of two versions, is in `faults` (design L4).
 */
export async function readerView(
  ports: Pick<StepPorts, 'store' | 'openEngine'>,
  folder: string,
): Promise<{ view: string; faults: string[] }> {
  const cache = await mkdtemp(join(folder, 'view-'));
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const { signal } = new AbortController();
  try {
    const objects = await dartmouthDb.objects({ ...ports, log, signal, cache }, null);
    const seen = new Map(objects.get('raw_data')?.map((object) => [object.key, object.sha256]));
    return compare(seen, await allCommits(ports.store));
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

function ignore(): void {}

function compare(
  seen: ReadonlyMap<string, string>,
  commits: readonly Commit[],
): { view: string; faults: string[] } {
  const faults: string[] = [];
  const view: string[] = [];
  const explained = new Set<string>();
  for (const partition of new Set(commits.map((commit) => commit.partition))) {
    const versions = commits.filter((commit) => commit.partition === partition);
    const own = new Set(versions.flatMap(({ parts }) => parts.map(({ key }) => key)));
    const visible = [...seen.keys()].filter((key) => own.has(key));
    for (const key of visible) explained.add(key);
    if (visible.length === 0) continue;
    const whole = versions.findLast(
      ({ parts }) =>
        parts.length === visible.length &&
        parts.every((part) => seen.get(part.key) === part.sha256),
    );
    if (whole) view.push(`${partition}@${whole.version}`);
    else faults.push(`L4: of ${partition} a reader sees ${visible.join(', ')}`);
  }
  for (const key of seen.keys()) {
    if (!explained.has(key)) faults.push(`L4: a reader sees ${key}, which no commit names`);
  }
  return { view: view.toSorted().join(' '), faults };
}

/** L1 to L4 together; an empty list is what every fault test expects. */
export async function brokenInvariants(
  ports: Pick<StepPorts, 'store' | 'openEngine'>,
  folder: string,
  landedBefore: ReadonlyMap<string, string> = new Map(),
): Promise<string[]> {
  return [
    ...(await rawFaults(ports.store, landedBefore)),
    ...(await rowFaults(ports.store)),
    ...(await partFaults(ports.store)),
    ...(await readerView(ports, folder)).faults,
  ];
}
