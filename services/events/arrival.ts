import { sha256 } from '../core/manifest.ts';
import type { Arrivals } from '../ports/step.ts';

/** Names under which programs keep what they have not finished writing, and files that are hidden. */
const UNFINISHED = /(?:^|\/)\.[^/]*$|\.(?:part|partial|tmp|temp|crdownload|download|swp)$|~$/i;

/** True when the object of this key may have arrived from outside, by the pipeline's rule: what it puts there itself has not. */
export function isArrival(rule: Arrivals, key: string): boolean {
  return isWanted(rule, key) && rule.isOurs?.(key) !== true;
}

/** True when the file of this name in a folder of people's is wanted: one that is hidden or unfinished is not. */
export function isFinished(rule: Arrivals, name: string): boolean {
  return isWanted(rule, name) && !UNFINISHED.test(name);
}

/** True when the key is one of those that the rule wants, whoever put it there; what is in a bucket is finished. */
export function isWanted(rule: Arrivals, key: string): boolean {
  if (!key.startsWith(rule.prefix)) return false;
  const name = key.slice(rule.prefix.length);
  if (name === '' || name.endsWith('/')) return false;
  if (!rule.isDeep && name.includes('/')) return false;
  const lower = name.toLowerCase();
  return (
    rule.suffixes.length === 0 ||
    rule.suffixes.some((suffix) => lower.endsWith(suffix.toLowerCase()))
  );
}

/**
 * What one version of one object is known by: 32 hex digits over key and etag. The same bytes under another key have
 * the same etag, so neither does alone.
 */
export function arrivalId(key: string, etag: string): string {
  return sha256(JSON.stringify([key, etag])).slice(0, 32);
}
