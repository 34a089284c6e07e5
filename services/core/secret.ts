/**
 * A string that must not be seen: it prints as `***` wherever it is printed, and only `reveal`
 * gives it away.
 */
export interface Secret {
  /** The string itself: for the one call that needs it, never for a message, a log or a record. */
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

const MASK = '***';

/** Node's agreed name of the method that `util.inspect` and `console.log` ask for a text. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

const secrets = new WeakSet<object>();

const mask = (): string => MASK;

/** Hides a string. The value is in no property, so no serializer, spread or inspection finds it. */
export function secret(value: string): Secret {
  const hidden = { reveal: () => value, toString: mask, toJSON: mask, [INSPECT]: mask };
  secrets.add(hidden);
  return Object.freeze(hidden);
}

/** True for what `secret` made. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && secrets.has(value);
}

/** Names of fields and variables whose value is a secret, whatever it says. */
const SECRET_NAME =
  /pass(word|wd|phrase)|token|secret|authorization|credential|cookie|(api|access|private)[-_]?key/i;

/** True when a field or variable of this name must not be shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** `user:password@` of an address. */
const USER_INFO = /(:\/\/[^\s/:@]*):[^\s/@]+@/g;

/**
 * `apikey=…` and its like in addresses and messages; `X-Amz-Signature` and `X-Amz-Credential` are
 * among them.
 */
const QUERY_SECRET =
  /([?&;\s](?:[\w-]*(?:api_?key|token|password|secret|signature|credential)))=[^\s&;"']+/gi;

/**
 * The text with every given secret replaced by `***`, as it is and as it looks in an address,
 * together with passwords in addresses. Empty secrets are ignored.
 */
export function redactText(text: string, values: readonly string[]): string {
  let safe = text;
  for (const value of values.toSorted((a, b) => b.length - a.length)) {
    if (value === '') continue;
    safe = safe.replaceAll(value, MASK);
    const encoded = encodeURIComponent(value);
    if (encoded !== value) safe = safe.replaceAll(encoded, MASK);
  }
  return safe.replace(USER_INFO, `$1:${MASK}@`).replace(QUERY_SECRET, `$1=${MASK}`);
}
