import { onOutputFailure, worksUnheard } from './output-failure.ts';
import { runProgram } from './program.ts';
import { systemClock, systemRandom } from './wire/wire.ts';

const argv = process.argv.slice(2);
const exitCodeOfRun = onOutputFailure([process.stdout, process.stderr], {
  goesOn: worksUnheard(argv),
  exit: (exitCode) => process.exit(exitCode),
});

/** The front door: runs one command and ends with the exit code of how it went. */
const own = await runProgram(argv, {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock(),
  random: systemRandom,
  process,
});
process.exitCode = exitCodeOfRun(own);
