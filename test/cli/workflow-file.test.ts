import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CASES = fileURLToPath(new URL('../runner/cases/', import.meta.url));

/** A case as the program prints it, without what a recording has besides. */
async function recorded(name: string): Promise<{ workflow: unknown; nodes: unknown }> {
  const { workflow, nodes } = JSON.parse(await readFile(`${CASES}${name}.observed.json`, 'utf8'));
  return { workflow, nodes };
}

it.each(['fan-out-of-dags', 'steps-inside-a-dag-give-outputs'])(
  'run --file %s --json prints phase and nodes in the form of the recorded cases',
  async (name) => {
    await using home = await tempFolder();
    const end = await cli(['run', '--file', `${CASES}${name}.yaml`, '--json'], { cwd: home.path });
    expect(end.exitCode).toBe(0);
    expect(JSON.parse(end.stdout)).toMatchObject(await recorded(name));
  },
);

it('run --file --json of a refused workflow prints the words of the refusal and ends with 51', async () => {
  await using home = await tempFolder();
  const file = `${CASES}a-target-that-is-not-there-is-refused.yaml`;
  const end = await cli(['run', '--file', file, '--json'], { cwd: home.path });
  expect(end.exitCode).toBe(51);
  const printed = JSON.parse(end.stdout);
  expect(printed).toMatchObject({ lintOffline: { accepted: false }, submit: { accepted: false } });
  expect(printed.workflow.message).toBe(`invalid spec: ${printed.submit.text}`);
});

it('a failed step gives the run its exit code and one error', async () => {
  await using home = await tempFolder();
  const file = join(home.path, 'mine.yaml');
  await writeFile(
    file,
    `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: mine-}
spec:
  entrypoint: main
  templates:
    - name: main
      container: {image: argosy, command: [argosy], args: [probe, --exit, "23"]}
`,
  );
  const end = await cli(['run', '--file', 'mine.yaml'], { cwd: home.path });
  expect(end.exitCode).toBe(23);
  expect(end.stderr).toMatch(/^error: .*exit code 23/m);
});

it('run NAME finds workflows/NAME.yaml of the working folder, and tells where it looked for one', async () => {
  await using home = await tempFolder();
  await mkdir(join(home.path, 'workflows'));
  const text = await readFile(`${CASES}steps-inside-a-dag-give-outputs.yaml`, 'utf8');
  await writeFile(join(home.path, 'workflows', 'mine.yaml'), text);
  const end = await cli(['run', 'mine', '--json'], { cwd: home.path });
  expect([end.exitCode, end.stderr.match(/^error: .*/m)]).toEqual([0, null]);
  const none = await cli(['run', 'yours'], { cwd: home.path });
  expect(none.exitCode).toBe(51);
  expect(none.stderr).toContain('workflows/yours.yaml cannot be read');
  expect(none.stderr).toContain(`hint: looked in ${join(home.path, 'workflows')} and /`);
});

it('an unknown field is refused by name, file and line', async () => {
  await using home = await tempFolder();
  const file = join(home.path, 'odd.yaml');
  await writeFile(
    file,
    'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n  entrypont: x\n',
  );
  const end = await cli(['run', '--file', file], { cwd: home.path });
  expect(end.exitCode).toBe(51);
  expect(end.stderr).toMatch(/odd\.yaml:4: unknown field "spec\.entrypont"/);
});
