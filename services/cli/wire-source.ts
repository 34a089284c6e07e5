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
  const mirrors = named
    .filter((text) => text.startsWith('file:'))
    .map((url) => mirrorSource({ url, cwd }));
  const mirror = mirrors[0];
  if (!mirror) return web;
  return {
    fetch: async (request) =>
      request.url.startsWith('file:') ? (await mirror).fetch(request) : web.fetch(request),
  };
}
