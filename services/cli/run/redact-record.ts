import { redactText } from '../../core/secret.ts';
import type { StepRecord } from '../../stages/observe/run-record.ts';

/** An address in a text, without the punctuation behind it. */
const ADDRESS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]*[^\s"'<>:;,.)]/gi;

/**
 * The text without any secret: the given values, and of every address its user, password and query, for those carry
 * keys and tokens under names that nobody knows.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return redactText(text.replace(ADDRESS, shownAddress), secrets);
}

/** The record with every text in it so shown (decisions: secrets are never in run records). */
export function redactedRecord<T extends StepRecord>(record: T, secrets: readonly string[]): T {
  const safe = (text: string) => withoutSecrets(text, secrets);
  const all = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, safe(text)]));
  const { error_message: message, error_hint: hint } = record;
  return {
    ...record,
    parameters: all(record.parameters),
    outputs: all(record.outputs),
    problems: record.problems.map((problem) => ({
      object: safe(problem.object),
      message: safe(problem.message),
    })),
    error_message: message === null ? null : safe(message),
    error_hint: hint === null ? null : safe(hint),
  };
}

function shownAddress(address: string): string {
  const end = address.search(/[?#]/);
  const bare = end < 0 ? address : address.slice(0, end);
  const query = address[end] === '?' ? '?***' : '';
  return bare.replace(/:\/\/[^/]*@/, '://***@') + query;
}
