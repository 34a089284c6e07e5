import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NodeEvent } from '../../services/ports/workflow-engine.ts';
import { lintWorkflows, submitWorkflow } from '../../services/runner/lint.ts';
import type { Verdict } from '../../services/runner/lint.ts';
import { readDocuments } from '../../services/runner/load.ts';
import { observedForm } from '../../services/runner/observed.ts';
import type { ObservedRun } from '../../services/runner/observed.ts';
import { probeStep } from '../../services/runner/probe.ts';
import { runWorkflow } from '../../services/runner/run-workflow.ts';
import type { WorkflowOutcome } from '../../services/runner/run-workflow.ts';
import { virtualClock } from '../support/virtual-clock.ts';

/**
 * A recorded case: what Argo said of the file and what it made of it (see the README beside the
 * recordings).
 */
export interface Case extends Partial<ObservedRun> {
  claim?: string;
  lintOffline: Verdict;
  submit: Verdict;
  order?: [string, string][];
  maxOverlap?: { podNodes: number; mainContainers: number };
  retryGapSeconds?: Record<string, number[]>;
}

/**
 * What the runner made of the file, in the form of a case, with the times of the nodes beside it.
 */
export interface Played {
  lint: Verdict;
  submit: Verdict;
  run: ObservedRun;
  times: Map<string, { startMs: number; endMs: number; type: string }>;
  events: NodeEvent[];
  maxContainers: number;
}

export function caseNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length));
}

export function readCase(folder: string, name: string): { yaml: string; recorded: Case } {
  const yaml = readFileSync(join(folder, `${name}.yaml`), 'utf8');
  const json = readFileSync(join(folder, `${name}.observed.json`), 'utf8');
  return { yaml, recorded: JSON.parse(json) as Case };
}

/**
 * Lints, submits and, when it is accepted, runs a file in virtual time: sleeps and backoffs cost
 * nothing.
 */
export async function play(name: string, yaml: string): Promise<Played> {
  const documents = readDocuments([{ file: `${name}.yaml`, text: yaml }]);
  const played: Played = {
    lint: lintWorkflows(documents),
    submit: submitWorkflow(documents),
    run: { workflow: { phase: '' }, nodes: [] },
    times: new Map(),
    events: [],
    maxContainers: 0,
  };
  if (!played.submit.accepted) {
    if (documents.problems.length > 0) return played;
    // A workflow created past submit: the controller refuses it, in the same words.
    const message = `invalid spec: ${played.submit.text ?? ''}`;
    played.run = { workflow: { phase: 'Failed', message }, nodes: [] };
    return played;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'argosy-case-'));
  const clock = virtualClock(new Date('2026-01-05T06:07:08.000Z'));
  const step = probeStep(clock);
  let containers = 0;
  try {
    const outcome = await runWorkflow({
      documents,
      parameters: {},
      clock,
      scratch,
      concurrencyMax: 1000,
      onEvent: (event) => played.events.push(event),
      runStep: async (call) => {
        containers++;
        played.maxContainers = Math.max(played.maxContainers, containers);
        const end = await step(call);
        containers--;
        return end;
      },
    });
    played.run = JSON.parse(JSON.stringify(observedForm(outcome))) as ObservedRun;
    played.times = timesOf(outcome);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return played;
}

function timesOf({ runName, nodes }: WorkflowOutcome): Played['times'] {
  return new Map(
    nodes.map(({ name, type, startedAt, finishedAt }) => [
      name.replaceAll(runName, 'WORKFLOW'),
      { startMs: startedAt.getTime(), endMs: (finishedAt ?? startedAt).getTime(), type },
    ]),
  );
}

const FAILURES = /^"(\[.*\])"$/s;

/** Puts the entries of a workflow.failures text in order: in Argo they come out of a map. */
function sortFailures(text: string): string {
  const body = FAILURES.exec(text)?.[1];
  if (body === undefined || !text.includes('\\"displayName\\"')) return text;
  const entries = JSON.parse(JSON.parse(text) as string) as { displayName: string }[];
  return JSON.stringify(entries.toSorted((a, b) => (a.displayName < b.displayName ? -1 : 1)));
}

/**
 * The run without what is not certain in a recording: the order of the failures.
 * `workflow.duration` is a number with six decimals that a recording shows as `DURATION`.
 */
export function certain(run: ObservedRun, durationIsShown: boolean): ObservedRun {
  const show = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const text = durationIsShown ? value.replaceAll(/\b\d+\.\d{6}\b/g, 'DURATION') : value;
      return sortFailures(text);
    }
    if (Array.isArray(value)) return value.map((item) => show(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, show(item)]));
  };
  return show(run) as ObservedRun;
}

/** The run without attempts that were not recorded. */
export function withoutExtraAttempts(actual: ObservedRun, expected: ObservedRun): ObservedRun {
  const known = new Set(expected.nodes.map(({ name }) => name));
  const nodes = actual.nodes.filter(({ name }) => known.has(name));
  return {
    workflow: actual.workflow,
    nodes: nodes.map((node) => {
      if (node.type !== 'Retry') return node;
      return { ...node, children: (node.children ?? []).filter((child) => known.has(child)) };
    }),
  };
}
