import { existsSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../../shared/data/market/', import.meta.url);

/** A stored reply of the real service, its bytes; null where the shared data is not there. */
export function sharedMarket(name: string): Buffer | null {
  const file = new URL(name, FOLDER);
  return existsSync(file) ? readFileSync(file) : null;
}
