import { PipelineError } from '../core/error.ts';
import { isSecret, isSecretName, redactText } from '../core/secret.ts';

/** How deep a value is followed; what lies deeper is shown as `…`. Also ends circles. */
const DEPTH_MAX = 6;

/** More text than this in one value is cut: a log line is for reading, the data is in the store. */
const TEXT_LENGTH_MAX = 4_000;

/**
 * A plain JSON value with no secret in it: fields named like a secret and every value of `secrets`
 * become `***`.
 */
export function redactFields(
  fields: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    safe[redactText(name, secrets)] = isSecretName(name) ? '***' : redact(value, secrets, 1);
  }
  return safe;
}

function redact(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return cut(redactText(value, secrets));
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'symbol' || typeof value === 'function') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (isSecret(value)) return '***';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL) return redactText(value.href, secrets);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH_MAX) return '…';
  if (value instanceof Error) return redact(errorFields(value), secrets, depth + 1);
  if (Array.isArray(value)) return value.map((item) => redact(item, secrets, depth + 1));
  if (value instanceof Set) return redact([...value], secrets, depth);
  if (value instanceof Map) return redact(Object.fromEntries(value), secrets, depth);
  return redactNested(value, secrets, depth);
}

function redactNested(
  value: object,
  secrets: readonly string[],
  depth: number,
): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    safe[redactText(name, secrets)] = isSecretName(name)
      ? '***'
      : redact(inner, secrets, depth + 1);
  }
  return safe;
}

function errorFields(error: Error): Record<string, unknown> {
  if (!(error instanceof PipelineError)) {
    return { name: error.name, message: error.message, stack: error.stack, cause: error.cause };
  }
  return { kind: error.kind, message: error.message, hint: error.hint, cause: error.cause };
}

function cut(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`;
}
