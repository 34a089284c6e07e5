import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WINGS } from '../../services/cli/commands.ts';
import { stepCatalogue } from '../../services/cli/commands/lint.ts';
import { cli } from '../support/cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const WORKFLOWS = fileURLToPath(new URL('../../workflows/', import.meta.url));

const broken = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: b, template: nope}
      - {name: a, template: nowhere}
`;

describe('argosy lint', () => {
  it('finds nothing in the workflows of the package, and ends with 0', async () => {
    await using home = await tempFolder();
    const end = await cli(['lint'], { cwd: home.path });
    expect(end).toMatchObject({ exitCode: 0, stdout: '' });
    const folder = WORKFLOWS.replace(/\/$/, '');
    expect(end.stderr).toMatch(/^no findings: \d+ objects of Argo in \d+ files? of .+\n$/);
    expect(end.stderr.trimEnd().endsWith(` of ${folder}`)).toBe(true);
  });

  it('without names reads workflows/ of the working folder where there is one, and says so', async () => {
    await using home = await tempFolder();
    const folder = join(home.path, 'workflows');
    await mkdir(folder);
    await writeFile(join(folder, 'w.yaml'), broken);
    const end = await cli(['lint'], { cwd: home.path });
    expect(end.exitCode).toBe(51);
    expect(end.stdout).toContain('workflows/w.yaml:10: ');
    expect(end.stderr).toContain(`1 object of Argo in 1 file of ${folder}\n`);
  });

  it('tells every finding on a line of its own, in the order of lines, and ends with 51', async () => {
    await using home = await tempFolder();
    await writeFile(join(home.path, 'w.yaml'), broken);
    const end = await cli(['lint', 'w.yaml'], { cwd: home.path });
    expect(end.exitCode).toBe(51);
    expect(end.stdout.trimEnd().split('\n')).toEqual([
      "w.yaml:10: templates.main.tasks.b template name 'nope' undefined [template-missing]",
      "w.yaml:11: templates.main.tasks.a template name 'nowhere' undefined [template-missing]",
    ]);
    expect(end.stderr).toMatch(
      /^hint: template-missing: .+\n2 findings: 1 object of Argo in 1 file\n$/,
    );
  });

  it('prints one array of findings with --json', async () => {
    await using home = await tempFolder();
    await writeFile(join(home.path, 'w.yaml'), broken);
    const end = await cli(['lint', '--json', 'w.yaml'], { cwd: home.path });
    expect(end.exitCode).toBe(51);
    const [first] = JSON.parse(end.stdout);
    expect(first).toEqual({
      file: 'w.yaml',
      line: 10,
      path: 'spec.templates[0].dag.tasks[0]',
      rule: 'template-missing',
      message: expect.stringContaining('nope'),
      hint: expect.any(String),
    });
    const clean = await cli(['lint', '--json'], { cwd: home.path });
    expect(JSON.parse(clean.stdout)).toEqual([]);
  });

  it('takes several files and folders as one set, so that they may refer to each other', async () => {
    await using home = await tempFolder();
    const schedules = await readFile(join(WORKFLOWS, 'schedules.yaml'), 'utf8');
    await mkdir(join(home.path, 'templates'));
    for (const name of Object.keys(WINGS)) {
      const template = await readFile(join(WORKFLOWS, `${name}.yaml`), 'utf8');
      await writeFile(join(home.path, 'templates', `${name}.yml`), template);
    }
    await writeFile(join(home.path, 'cron.yaml'), schedules);
    const together = await cli(['lint', 'templates/', 'cron.yaml'], { cwd: home.path });
    expect(together).toMatchObject({ exitCode: 0, stdout: '' });
    const alone = await cli(['lint', 'cron.yaml'], { cwd: home.path });
    expect(alone.stdout).toMatch(/^cron\.yaml:\d+: .*\[workflow-template-missing\]$/m);
  });

  it('reads standard input for -, and passes over what is not of Argo', async () => {
    await using home = await tempFolder();
    const chart = `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n---\n${broken}`;
    const end = await cli(['lint', '-'], { cwd: home.path, stdin: chart });
    expect(end.exitCode).toBe(51);
    expect(end.stdout).toMatch(/^\(stdin\):14: .*'nope'/);
    expect(end.stdout).not.toContain('Deployment');
  });

  it.each([
    ['a file that is not there', ['nowhere.yaml'], 'nowhere.yaml is not there'],
    ['a folder without YAML', ['.'], '. holds no *.yaml or *.yml'],
    ['standard input with nothing in it', ['-'], "(stdin): nothing of Argo's in it"],
  ])('refuses %s with one clear error', async (_name, args, message) => {
    await using home = await tempFolder();
    const end = await cli(['lint', ...args], { cwd: home.path });
    expect(end).toMatchObject({ exitCode: 51, stdout: '' });
    expect(end.stderr).toContain(`error: ${message}`);
    expect(end.stderr).toMatch(/\nhint: .+\n$/);
  });

  it('refuses a file without anything of Argo in it', async () => {
    await using home = await tempFolder();
    await writeFile(join(home.path, 'c.yaml'), 'kind: ConfigMap\nmetadata: {name: c}\n');
    const end = await cli(['lint', 'c.yaml'], { cwd: home.path });
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain("error: c.yaml: nothing of Argo's in it");
  });

  it('tells of YAML that cannot be read as of any other finding', async () => {
    await using home = await tempFolder();
    const end = await cli(['lint', '-'], { cwd: home.path, stdin: 'kind: Workflow\nspec: [\n' });
    expect(end.exitCode).toBe(51);
    expect(end.stdout).toMatch(/^\(stdin\):\d+: .* \[yaml\]$/m);
  });

  it('knows every step and flag of every pipeline', async () => {
    const catalogue = await stepCatalogue();
    expect(Object.keys(catalogue)).toEqual(Object.keys(WINGS));
    expect(catalogue['fama-french']?.['transform']).toContainEqual({
      name: 'shard',
      required: true,
    });
  });
});
