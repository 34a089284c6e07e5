import { describe, expect, it } from 'vitest';
import { LINT_RULES } from '../../services/runner/lint/rule.ts';
import type { Finding } from '../../services/runner/lint/rule.ts';
import { lintFiles } from '../../services/runner/lint/set.ts';
import { CLEAN, FAULTS, lineOfFault, planted, STEPS, TWINS } from './lint/planted.ts';

function lint(text: string): readonly Finding[] {
  return lintFiles([{ file: 'set.yaml', text }], STEPS).findings;
}

const told = ({ rule, line, message }: Finding): string => `${line}: ${message} [${rule}]`;

describe('lint finds nothing in', () => {
  it('the clean set', () => {
    expect(lint(CLEAN).map(told)).toEqual([]);
  });

  it.each(TWINS)('$name', (twin) => {
    expect(lint(planted(twin).text).map(told)).toEqual([]);
  });
});

describe('lint finds', () => {
  it.each(FAULTS)('$rule: $name', (fault) => {
    const found = lint(planted(fault).text);
    const wanted = found.filter(({ rule }) => rule === fault.rule);
    expect(wanted).toContainEqual(expect.objectContaining({ line: lineOfFault(fault) }));
    for (const { message, hint, file } of found) {
      expect(message).toMatch(/^[^\n]+$/);
      expect(hint).toMatch(/^[^\n]{10,}$/);
      expect(file).toBe('set.yaml');
    }
  });

  it('its way through a set of which any part is missing or empty, with a place for what it tells', () => {
    const lines = CLEAN.split('\n');
    for (let index = 0; index < lines.length; index += 4) {
      const line = lines[index] ?? '';
      const text = lines.toSpliced(index, 1, ...(line.endsWith(':') ? [`${line} []`] : []));
      for (const { line: at, message } of lint(text.join('\n'))) {
        expect(at).toBeGreaterThan(0);
        expect(message).not.toBe('');
      }
    }
  });

  it.each([
    [
      'nesting without end',
      `kind: ConfigMap\ndata: ${'['.repeat(3000)}${']'.repeat(3000)}`,
      'nested',
    ],
    [
      'aliases that multiply',
      'kind: ConfigMap\na: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]',
      'more than 50 aliases',
    ],
    ['a document without kind', 'data: {}', 'no kind'],
    ['a text for a document', 'hello', 'must be a mapping'],
  ])(
    '%s in a document that is not of Argo, and the rest of the set all the same',
    (_name, text, words) => {
      const found = lintFiles(
        [
          { file: 'other.yaml', text },
          { file: 'set.yaml', text: CLEAN.replace('template: fetch\n', 'template: nowhere\n') },
        ],
        STEPS,
      ).findings;
      expect(found.map(({ file, rule }) => `${file} ${rule}`)).toEqual([
        'other.yaml yaml',
        'set.yaml template-missing',
      ]);
      expect(found[0]?.message).toContain(words);
    },
  );

  it('a fault of every rule in this table', () => {
    const planned = new Set<string>(FAULTS.map(({ rule }) => rule));
    const missing = Object.keys(LINT_RULES).filter((rule) => !planned.has(rule));
    expect(missing).toEqual([]);
    expect(FAULTS.length).toBeGreaterThan(100);
  });
});
