import type { ErrorReply } from './reply.ts';

/** The fields under which the service says that something is wrong, each with status 200. */
const FIELDS = ['Error Message', 'Information', 'Note'] as const;

/** What words in a message tell, the first that fits; found in replies that public repositories quote. */
const SAYINGS: readonly (readonly [pattern: RegExp, error: ErrorReply])[] = [
  [
    /api ?key is invalid|invalid or missing|demo\*{0,2} api key|claim your free api key/i,
    {
      outcome: 'bad-key',
      kind: 'denied',
      message: 'the service does not take the API key',
    },
  ],
  [
    /premium (?:endpoint|feature|function)/i,
    { outcome: 'premium', kind: 'denied', message: "it is not part of the API key's plan" },
  ],
  [
    /call (?:frequency|volume)|(?:requests|calls?) per (?:minute|second)|spreading out/i,
    {
      outcome: 'minute-quota',
      kind: 'throttled',
      message: 'too many calls in a short time, says the service',
    },
  ],
  [
    /(?:requests|calls) per day|daily rate limit/i,
    {
      outcome: 'day-quota',
      kind: 'throttled',
      message: 'the quota of the day is used up, says the service',
    },
  ],
  [
    /invalid api call/i,
    {
      outcome: 'bad-symbol',
      kind: 'input-invalid',
      message: 'the service does not know this symbol',
    },
  ],
];

/** Which error the service tells of; null when it tells of none. A message in other words is `unreadable`. */
export function errorWords(reply: Record<string, unknown>): ErrorReply | null {
  const field = FIELDS.find((name) => Object.hasOwn(reply, name));
  if (field === undefined) return null;
  const text = reply[field];
  const words = typeof text === 'string' ? text : '';
  const saying = SAYINGS.find(([pattern]) => pattern.test(words));
  // A note or an information besides the prices, such as an advertisement, takes nothing from them.
  if (saying === undefined && Object.hasOwn(reply, 'Time Series (Daily)')) return null;
  return (
    saying?.[1] ?? {
      outcome: 'unreadable',
      kind: 'input-invalid',
      message: `the service sends "${field}" in words that are not known`,
    }
  );
}
