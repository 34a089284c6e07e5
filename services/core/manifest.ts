import { createHash } from 'node:crypto';
import { PipelineError } from './error.ts';

/** One object of a committed set. */
export interface Part {
  key: string;
  sizeBytes: number;
  rows: number;
  sha256: string;
  /** What the dataset says of the part, for example its metric. */
  attributes: Record<string, string>;
}

/**
 * The record that makes a set of parts visible (design A7): kept once, at its version's key, never changed. It holds
 * no time and no run, so the same input gives the same bytes.
 */
export interface Commit {
  dataset: string;
  partition: string;
  /** Counts up from 1. A writer commits the version after the one it started from, so a late one loses. */
  version: number;
  attributes: Record<string, string>;
  parts: Part[];
  /** sha256 over everything but the version: equal digests mean equal content. */
  digest: string;
}

/** The prefix under which all commits of a dataset are kept. */
export function commitPrefix(dataset: string): string {
  return `_commits/${dataset}/`;
}

/** `_commits/<dataset>/<partition>/<version, 20 digits>.json` (design A7.4): keys of one partition sort by version. */
export function commitKey(dataset: string, partition: string, version: number): string {
  return `${commitPrefix(dataset)}${partition}/${String(version).padStart(20, '0')}.json`;
}

/** The commit of these parts as a given version; parts are ordered by key. */
export function makeCommit(content: Omit<Commit, 'digest'>): Commit {
  const { dataset, partition, version, attributes } = content;
  const parts = content.parts.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const digest = sha256(JSON.stringify([dataset, partition, attributes, parts]));
  return { dataset, partition, version, attributes, parts, digest };
}

export function encodeCommit(commit: Commit): Uint8Array {
  return Buffer.from(`${JSON.stringify(commit, null, 2)}\n`);
}

/** Reads a commit back; `input-invalid` when the bytes are not the commit that digest and key were made for. */
export function decodeCommit(key: string, bytes: Uint8Array): Commit {
  const hint =
    'the record is damaged: restore it from an object version, or remove it and run the pipeline again';
  let commit: unknown;
  try {
    commit = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new PipelineError('input-invalid', `${key}: commit is not JSON`, { hint, cause });
  }
  if (isCommitAt(key, commit)) return commit;
  throw new PipelineError('input-invalid', `${key}: commit does not match its digest or key`, {
    hint,
  });
}

/** The version is not in the digest, but in the key. */
function isCommitAt(key: string, value: unknown): value is Commit {
  const commit = value as Partial<Commit> | null;
  const { dataset, partition, version, attributes, parts, digest } = commit ?? {};
  if (dataset === undefined || partition === undefined || version === undefined) return false;
  if (attributes === undefined || !Array.isArray(parts)) return false;
  if (parts.some((part: unknown) => part === null)) return false;
  const remade = makeCommit({ dataset, partition, version, attributes, parts });
  return remade.digest === digest && commitKey(dataset, partition, version) === key;
}

/** The partition and version that a commit's key names; `null` for any other key below the prefix. */
export function parseCommitKey(
  dataset: string,
  key: string,
): { partition: string; version: number } | null {
  const match = /^(.+)\/(\d{20})\.json$/.exec(key.slice(commitPrefix(dataset).length));
  return match ? { partition: match[1]!, version: Number(match[2]) } : null;
}

/** sha256 as 64 hex digits. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
