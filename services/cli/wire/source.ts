import { localFiles } from '../../adapters/source/local-files.ts';
import { httpSource } from '../../adapters/source/http.ts';
import { mirrorSource } from '../../adapters/source/mirror.ts';
import type { Source } from '../../ports/source.ts';
import type { Wiring } from './wire.ts';

/** Parameters that an event fills in. */
const FROM_EVENTS = new Set(['key', 'event-key']);

/** The texts of parameters that are an operator's word: what an uploaded object is called names no host. */
export function namedByOperator(parameters: Readonly<Record<string, string>>): string[] {
  return Object.entries(parameters).flatMap(([name, text]) => (FROM_EVENTS.has(name) ? [] : text));
}

/**
 * Bytes from outside: public hosts, and what the operator named among `named`, be it a host of any kind or a folder
 * (`file:PATH`). A text may name several, with blanks or commas between.
 */
export function openSource({ clock, random, log, cwd }: Wiring, named: readonly string[]): Source {
  const words = [...new Set(named.flatMap((text) => [text, ...text.split(/[\s,]+/)]))];
  const files = localFiles({ named: words.filter((word) => word.startsWith('file:')), cwd });
  const hosts = words.flatMap((text) =>
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
  if (folder === undefined) return { ...web, files };
  // Opened by the first fetch: a promise that nobody awaits would end the process when it fails.
  let mirror: Promise<Source> | undefined;
  return {
    files,
    fetch: async (request) => {
      if (!request.url.startsWith('file:')) return web.fetch(request);
      mirror ??= mirrorSource({ url: folder, cwd });
      return (await mirror).fetch(request);
    },
  };
}
