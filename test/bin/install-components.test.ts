import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../bin/install-components.sh', import.meta.url));

/** How the script ends on a machine that has only these programs, each a line of shell. */
async function install(programs: Record<string, string>): Promise<{ code: unknown; said: string }> {
  await using home = await tempFolder();
  for (const [name, line] of Object.entries(programs)) {
    await writeFile(join(home.path, name), `#!/bin/bash\n${line}\n`);
    await chmod(join(home.path, name), 0o755);
  }
  const env = { PATH: home.path, HOME: home.path, GOROOT: join(home.path, 'none') };
  return await new Promise((resolve) => {
    execFile('/bin/bash', [SCRIPT], { env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, said: stdout + stderr });
    });
  });
}

const candidate = (version: string) =>
  `echo "golang-go:"; echo "  Installed: (none)"; echo "  Candidate: ${version}"`;

it.each([
  ['is there', { go: 'echo go version go1.19.8 linux/amd64' }],
  ['apt-get would bring, as on Debian 12', { 'apt-get': ':', 'apt-cache': candidate('2:1.19~1') }],
  ['apt-get does not have', { 'apt-get': ':', 'apt-cache': candidate('(none)') }],
])(
  'components are refused with the Go that they need when the one that %s is too old',
  async (_what, programs) => {
    const { code, said } = await install(programs);
    expect(code).toBe(1);
    expect(said).toContain('the components need Go 1.21 or newer');
    expect(said).toContain('https://go.dev/dl');
    expect(said).not.toContain('building');
  },
);

it('a new enough Go builds each component in a version of its own', async () => {
  const go =
    'if [[ $1 == version ]]; then echo go version go1.21.0 linux/amd64; else echo "go $*"; exit 3; fi';
  const { code, said } = await install({ go });
  expect({ code, said }).toEqual({
    code: 3,
    said: expect.stringMatching(
      /^go install github\.com\/versity\/versitygw\S*@v\d+\.\d+\.\d+$/m,
    ) as string,
  });
  const script = await readFile(SCRIPT, 'utf8');
  expect(script).not.toContain('@latest');
});
