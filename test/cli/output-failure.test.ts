import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { onOutputFailure, worksUnheard } from '../../services/cli/output-failure.ts';

const failing = (code: string) =>
  new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });

function listening() {
  const said: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      said.push(String(chunk));
      done();
    },
  });
  return { said, stream };
}

async function written(stream: Writable): Promise<void> {
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.write('x');
  await closed;
}

async function stdoutFails(code: string, goesOn: boolean) {
  const exits: number[] = [];
  const { said, stream: stderr } = listening();
  const stdout = failing(code);
  const exitCodeOfRun = onOutputFailure([stdout, stderr], {
    goesOn,
    exit: (one) => exits.push(one),
  });
  await written(stdout);
  return { said, exits, ends: [exitCodeOfRun(0), exitCodeOfRun(51)] };
}

describe('a command that only prints', () => {
  it('ends quietly, with 0, when its reader has seen enough', async () => {
    expect(await stdoutFails('EPIPE', false)).toMatchObject({ said: [], exits: [0] });
  });

  it('is unavailable, and says so, when its output cannot be written otherwise', async () => {
    const said = ['error: stdout cannot be written: ENOSPC\n'];
    expect(await stdoutFails('ENOSPC', false)).toMatchObject({ said, exits: [30] });
  });
});

describe('a command that works', () => {
  it('goes on without a reader, and keeps its exit code', async () => {
    const end = await stdoutFails('EPIPE', true);
    expect(end).toEqual({ said: [], exits: [], ends: [0, 51] });
  });

  it('goes on when its output is lost, and does not end with 0', async () => {
    const said = ['error: stdout cannot be written: ENOSPC\n'];
    expect(await stdoutFails('ENOSPC', true)).toEqual({ said, exits: [], ends: [30, 51] });
  });

  it('is told by its name', () => {
    expect(worksUnheard(['--store', 'file:x', 'run', 'fama-french'])).toBe(true);
    expect(worksUnheard(['query', 'FROM current_data'])).toBe(false);
    expect(worksUnheard(['--version'])).toBe(false);
  });
});

describe('progress that cannot be written', () => {
  it.each(['EPIPE', 'ENOSPC'])('(%s) ends no command and changes no exit code', async (code) => {
    const exits: number[] = [];
    const stderr = failing(code);
    const { stream: stdout, said } = listening();
    const exitCodeOfRun = onOutputFailure([stdout, stderr], {
      goesOn: false,
      exit: (one) => exits.push(one),
    });
    await written(stderr);
    stdout.write('rows');
    expect([exits, exitCodeOfRun(0), said]).toEqual([[], 0, ['rows']]);
  });
});
