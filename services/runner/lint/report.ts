import { nearest } from '../../core/nearest.ts';
import type { Placed } from '../load.ts';
import { lineOf } from '../local-rules.ts';
import { LINT_RULES } from './rule.ts';
import type { Finding, LintRule } from './rule.ts';

/** A field of a document. */
export interface Spot {
  document: Placed;
  path: string;
}

/** Takes down what is wrong with a field; a hint of its own where it can be more exact than the rule's. */
export type Report = (spot: Spot, rule: LintRule, message: string, hint?: string) => void;

/** A field below a spot: `below(spot, '.when')`. */
export function below({ document, path }: Spot, more: string): Spot {
  return { document, path: `${path}${more}` };
}

/** `; did you mean …?` for a name of which one of the others is a likely misspelling; else nothing. */
export function meant(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** Gathers findings; each is told once, in the order of files and lines. */
export function findings(): { report: Report; sorted: () => Finding[] } {
  const found = new Map<string, Finding>();
  const report: Report = ({ document, path }, rule, message, hint = LINT_RULES[rule]) => {
    const text = message.replaceAll(/\s*\n\s*/g, ' ').trim();
    const finding = {
      file: document.file,
      line: lineOf(document, path),
      path,
      rule,
      message: text,
      hint,
    };
    const key = JSON.stringify([finding.file, finding.line, rule, text]);
    if (!found.has(key)) found.set(key, finding);
  };
  const order = (a: Finding, b: Finding): number =>
    a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
  return { report, sorted: () => [...found.values()].toSorted(order) };
}
