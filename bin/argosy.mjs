#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

// As the first process of a container, nothing but a handler ends this program on a signal. Until a command has
// brought its own, nothing has begun, so the end is at once.
for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(process.exitCode ?? exitCode);
  });
}

const program = new URL('../dist/argosy.js', import.meta.url);

// From Node 22 on, compiled code is kept for the next start.
module.enableCompileCache?.();

if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('argosy is not built yet\nhint: run `npm run build` in its folder\n');
  process.exitCode = 51;
}
