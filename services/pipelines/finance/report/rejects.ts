import { parsed } from '../../../stages/observe/report.ts';
import type { ServePorts } from '../../../stages/serve/localise.ts';

const EXAMPLES_MAX = 5;
/** A value of an example is cut there. */
const TEXT_LENGTH_MAX = 400;

/** The rows that one rule has refused: how many, and the first few. */
export interface RejectGroup {
  rule: string;
  count: number;
  examples: readonly RejectExample[];
}

/** A refused row: where it stood, and what stood there, as the quarantine keeps it. */
export interface RejectExample {
  object: string;
  line: string;
  values: string;
}

/** The quarantined rows of a day by rule, the most frequent first; none when there is no such object. */
export async function readRejects(
  { store, signal }: Pick<ServePorts, 'store' | 'signal'>,
  key: string,
): Promise<RejectGroup[]> {
  if ((await store.head(key, { signal })) === null) return [];
  const groups = new Map<string, { count: number; examples: RejectExample[] }>();
  for await (const line of linesOf(await store.open(key, { signal }))) {
    const reject = parsed(line) ?? { rule: 'unreadable', values: line };
    const rule = String(reject['rule']);
    const group = groups.get(rule) ?? { count: 0, examples: [] };
    group.count += 1;
    if (group.examples.length < EXAMPLES_MAX) group.examples.push(exampleOf(reject));
    groups.set(rule, group);
  }
  return [...groups]
    .map(([rule, group]) => ({ rule, ...group }))
    .toSorted((a, b) => b.count - a.count || (a.rule < b.rule ? -1 : 1));
}

function exampleOf(reject: Readonly<Record<string, unknown>>): RejectExample {
  const { object, line, values, text } = reject;
  return { object: textOf(object), line: textOf(line), values: textOf(values ?? text) };
}

/** Named values as `name=value`, NULL apart from an empty text. */
function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (value === null) return 'NULL';
  if (typeof value === 'string') return cut(value);
  if (typeof value !== 'object' || Array.isArray(value)) return cut(JSON.stringify(value));
  const pairs = Object.entries(value).map(([name, one]) => `${name}=${quotedText(one)}`);
  return cut(pairs.join(' '));
}

function quotedText(value: unknown): string {
  if (value === null) return 'NULL';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' || /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

function cut(text: string): string {
  return text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
}

async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
