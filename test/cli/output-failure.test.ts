import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { onOutputFailure } from '../../services/cli/output-failure.ts';

function failing(code: string) {
  const said: string[] = [];
  const exits: number[] = [];
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
  const stderr = new Writable({
    write: (chunk, _encoding, done) => {
      said.push(String(chunk));
      done();
    },
  });
  onOutputFailure([stdout, stderr], (exitCode) => exits.push(exitCode));
  stdout.write('x');
  return { said, exits, closed: new Promise((resolve) => stdout.once('close', resolve)) };
}

it('a reader that has seen enough ends the process quietly, with 0', async () => {
  const { said, exits, closed } = failing('EPIPE');
  await closed;
  expect([said, exits]).toEqual([[], [0]]);
});

it('an output that cannot be written otherwise is unavailable, and says so', async () => {
  const { said, exits, closed } = failing('ENOSPC');
  await closed;
  expect([said, exits]).toEqual([['error: stdout cannot be written: ENOSPC\n'], [30]]);
});
