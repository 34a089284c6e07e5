import { httpSource } from '../adapters/source/http.ts';
import { mirrorSource } from '../adapters/source/mirror.ts';
import type { Source } from '../ports/source.ts';
import type { Wiring } from './wire.ts';

/**
 * Bytes from outside: public hosts, and what the operator named among `named`, be it a host of any kind or a folder
 * (`file:PATH`).
 */
export function openSource({ clock, random, log, cwd }: Wiring, named: readonly string[]): Source {
  const hosts = named.flatMap((text) =>
    /^https?:/i.test(text) && URL.canParse(text) ? [new URL(text).host] : [],
  );
  const web = httpSource({
    allowedHosts: hosts,
    clock,
    random,
    onRetry: ({ what, attempt, waitMs, error }) =>
      log.warn('source.retry', {
        what,
        attempt,
        waitMs: Math.round(waitMs),
        reason: error.message,
      }),
  });
  const folder = named.find((text) => text.startsWith('file:'));
  if (folder === undefined) return web;
  // Opened by the first fetch: a promise that nobody awaits would end the process when it fails.
  let mirror: Promise<Source> | undefined;
  return {
    fetch: async (request) => {
      if (!request.url.startsWith('file:')) return web.fetch(request);
      mirror ??= mirrorSource({ url: folder, cwd });
      return (await mirror).fetch(request);
    },
  };
}
