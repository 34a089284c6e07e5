import { checkKey, checkPrefix } from '../core/key.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';

/**
 * A store that cannot leave its prefix: keys are those below it, and every key is checked before the prefix is put in
 * front. A prefix `a/b` holds `a/b/…` only, never `a/bc`.
 */
export function withinStore(store: ObjectStore, prefix: string): ObjectStore {
  const folder = `${checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)}/`;
  const outer = (key: string): string => checkKey(folder + checkKey(key));
  const inner = (info: ObjectInfo): ObjectInfo => ({ ...info, key: info.key.slice(folder.length) });
  return {
    url: `${store.url}/${folder.slice(0, -1)}`,
    capability: store.capability,
    put: async (key, body, call) => inner(await store.put(outer(key), body, call)),
    putIfAbsent: async (key, body, call) => {
      const info = await store.putIfAbsent(outer(key), body, call);
      return info === null ? null : inner(info);
    },
    get: async (key, call) => await store.get(outer(key), call),
    open: async (key, call) => await store.open(outer(key), call),
    head: async (key, call) => {
      const info = await store.head(outer(key), call);
      return info === null ? null : inner(info);
    },
    list: async function* list(below, call) {
      for await (const info of store.list(folder + checkPrefix(below), call)) yield inner(info);
    },
    delete: async (key, call) => await store.delete(outer(key), call),
    localPath: async (key) => await store.localPath(outer(key)),
  };
}
