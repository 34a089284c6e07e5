import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { LintRule } from '../../../services/runner/lint/rule.ts';
import type { StepCatalogue } from '../../../services/runner/lint/step.ts';

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`./${name}`, import.meta.url)), 'utf8');

/** A set without any fault: every planted fault is one change to it. */
export const CLEAN = read('clean.yaml');

const flag = (name: string, required = false) => ({ name, required });

/** The steps that the clean set calls. */
export const STEPS: StepCatalogue = {
  demo: {
    fetch: [flag('limit')],
    split: [],
    each: [flag('shard', true)],
    notify: [],
    report: [flag('rows', true), flag('title')],
    exit: [flag('status', true)],
  },
};

/** One change to the clean set. */
export interface Change {
  name: string;
  /** A text that is there once. */
  find: string;
  write: string;
}

export interface Fault extends Change {
  rule: LintRule;
  /** A text at or behind the change in the line that is told; without it the line in which the change begins. */
  at?: string;
  /** Like `at`, but the line is before the change. */
  before?: string;
}

/** The faults of faults.yaml, each with the rule that it breaks. */
export const FAULTS = parse(read('faults.yaml')) as readonly Fault[];

/** Changes to the clean set after which there is still nothing wrong with it. */
export const TWINS = parse(read('twins.yaml')) as readonly Change[];

/** The set with the change in it, and where the change begins. */
export function planted({ name, find, write }: Change): { text: string; offset: number } {
  const offset = CLEAN.indexOf(find);
  if (offset < 0 || CLEAN.includes(find, offset + 1)) {
    throw new Error(`${name}: the clean set holds this text not at all or twice: ${find}`);
  }
  return { text: CLEAN.slice(0, offset) + write + CLEAN.slice(offset + find.length), offset };
}

/** The line that a finding about the fault has to name. */
export function lineOfFault(fault: Fault): number {
  const { text, offset } = planted(fault);
  const { at, before } = fault;
  const place =
    before === undefined ? text.indexOf(at ?? '', offset) : text.lastIndexOf(before, offset);
  if (place < 0) throw new Error(`${fault.name}: no ${at ?? before ?? ''} near the change`);
  return text.slice(0, place).split('\n').length;
}
