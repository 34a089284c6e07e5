import { onOutputFailure } from './output-failure.ts';
import { runProgram } from './program.ts';
import { systemClock, systemRandom } from './wire.ts';

onOutputFailure([process.stdout, process.stderr], (exitCode) => process.exit(exitCode));

/** The front door: runs one command and ends with the exit code of how it went. */
process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock(),
  random: systemRandom,
  process,
});
