import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readPipe, readStdin } from '../../services/cli/read-input.ts';
import { tempFolder } from '../support/temp-folder.ts';

const never = new AbortController().signal;

describe('standard input', () => {
  it('is read to its end', async () => {
    const stdin = new PassThrough();
    stdin.end('SELECT 1');
    expect(await readStdin(stdin, never)).toBe('SELECT 1');
  });

  it('that nobody writes to is waited for until the signal, no longer', async () => {
    const ending = new AbortController();
    const reading = readStdin(new PassThrough(), ending.signal);
    ending.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a named pipe', () => {
  async function pipeIn(folder: string): Promise<string> {
    const path = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [path]);
    return path;
  }

  it('is read to its end, also when its writer comes later', async () => {
    await using home = await tempFolder();
    const path = await pipeIn(home.path);
    const reading = readPipe(path, never);
    await writeFile(path, 'kind: Workflow\n');
    expect(await reading).toBe('kind: Workflow\n');
  });

  it('that nobody writes to is waited for until the signal, no longer', async () => {
    await using home = await tempFolder();
    const ending = new AbortController();
    const reading = readPipe(await pipeIn(home.path), ending.signal);
    ending.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is none when it is a file', async () => {
    await using home = await tempFolder();
    const path = join(home.path, 'file');
    await writeFile(path, 'x');
    expect(await readPipe(path, never)).toBeNull();
  });
});
