import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Something a test needs and a machine may lack. */
export interface Component {
  name: string;
  /** Where it is; `null` when it is absent. */
  path: string | null;
  /** How to have it, for whoever reads that a test was skipped. */
  howToGet: string;
}

/** True when a test that lacks a component must fail, as in CI. */
export function isEverythingRequired(): boolean {
  return process.env['ARGOSY_TEST_REQUIRE'] === 'all';
}

/** A group that takes too long for every day: it runs with ARGOSY_TEST_REQUIRE=all, and is skipped by name without. */
export function describeLong(title: string, body: () => void): void {
  const isSkipped = !isEverythingRequired();
  const reason = isSkipped ? ' (skipped: long; ARGOSY_TEST_REQUIRE=all runs it)' : '';
  describe.skipIf(isSkipped)(`${title}${reason}`, () => {
    body();
  });
}

/** As `describeWith`, for a group that takes too long for every day, though the component be there. */
export function describeLongWith(
  component: Component,
  title: string,
  body: (path: string) => void,
): void {
  if (isEverythingRequired()) describeWith(component, title, body);
  else describeLong(title, () => lacks(component));
}

/** Of cases that all say the same, the first alone; every one when everything is required. */
export function someOf<T>(cases: readonly T[]): readonly T[] {
  return isEverythingRequired() ? cases : cases.slice(0, 1);
}

/** A program: at the path that `variable` names, on PATH, or in ~/go/bin. */
export function findProgram(name: string, variable: string, howToGet: string): Component {
  const named = process.env[variable];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), join(homedir(), 'go', 'bin')];
  const candidates = named ? [named] : folders.map((folder) => join(folder, name));
  return { name, path: candidates.find(isExecutable) ?? null, howToGet };
}

/**
 * A group of tests that needs a component. Absent, the group is skipped and its title says what it lacked and how to
 * get it; with ARGOSY_TEST_REQUIRE=all it fails instead.
 */
export function describeWith(
  component: Component,
  title: string,
  body: (path: string) => void,
): void {
  const { name, path, howToGet } = component;
  const isSkipped = path === null && !isEverythingRequired();
  const reason = isSkipped ? ` (skipped: no ${name}; ${howToGet})` : '';
  // Without the component the body is not even collected: it may read what is not there.
  const collect = path === null ? () => lacks(component) : () => body(path);
  describe.skipIf(isSkipped)(`${title}${reason}`, () => {
    collect();
  });
}

function lacks({ name, path, howToGet }: Component): void {
  it(`has ${name}`, () => {
    expect(path, `no ${name}: ${howToGet}`).not.toBeNull();
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Absent or not executable: both mean that it is not here.
    return false;
  }
}
