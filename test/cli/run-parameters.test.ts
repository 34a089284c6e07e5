import { describe, expect, it } from 'vitest';
import { runParameters, scheduledTimeOf } from '../../services/cli/run/run-request.ts';
import { readDocuments } from '../../services/runner/load.ts';
import { cli } from '../support/cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const NOON = new Date('2026-11-21T12:00:00.000Z');

/** The arguments of a run of a workflow that declares `logical-date` like this. */
function parametersOf(declared: string, given: string[] = []): Record<string, string> {
  const text = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  arguments: {parameters: [${declared}]}
`;
  const loaded = readDocuments([{ file: 'w.yaml', text }]);
  const from = { sampleParameters: {}, startedAt: NOON };
  return runParameters(loaded, { args: [], flags: { parameter: given } }, from);
}

describe('the logical date of a run is', () => {
  it.each([
    ['today when it is declared without a value', '{name: logical-date}', '2026-11-21'],
    ['today when its value is empty', '{name: logical-date, value: ""}', '2026-11-21'],
    ['left to the file when that has one', '{name: logical-date, value: 2020-01-01}', undefined],
    ['not made up for a workflow without one', '{name: other}', undefined],
  ])('%s', (_name, declared, date) => {
    expect(parametersOf(declared)['logical-date']).toBe(date);
  });

  it('the one that is given', () => {
    const given = parametersOf('{name: logical-date, value: ""}', ['logical-date=2019-12-31']);
    expect(given['logical-date']).toBe('2019-12-31');
  });
});

describe('a value that the workflow does not list', () => {
  it.each([
    ['finance', 'quality-mode=nope', 'block, warn'],
    ['market-data', 'trigger=later', 'manual, cron, event, backfill'],
  ])('is refused before %s starts: %s', async (pipeline, given, listed) => {
    await using home = await tempFolder();
    const end = await cli(['run', pipeline, '-p', given], { cwd: home.path });
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain(`-p ${given}: not one of its values\nhint: it may be ${listed}`);
    expect(end.stderr).not.toContain('running');
  });
});

describe('a scheduled time is', () => {
  it.each(['2026-01-05T06:00:00Z', '2026-01-05T06:00Z'])('taken as %s', (scheduledTime) => {
    const time = scheduledTimeOf({ args: [], flags: { scheduledTime } });
    expect(time).toEqual(new Date('2026-01-05T06:00:00.000Z'));
  });

  it.each(['yesterday', '2026-01-05', '2026-01-05T06:00:00+01:00', '2026-13-05T06:00:00Z'])(
    'refused as %s',
    async (text) => {
      await using home = await tempFolder();
      const argv = ['run', 'fama-french', '--sample', '--scheduled-time', text];
      const end = await cli(argv, { cwd: home.path });
      expect(end.exitCode).toBe(51);
      expect(end.stderr).toMatch(/--scheduled-time .* is no time\nhint: /);
    },
  );
});
