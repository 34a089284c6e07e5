#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

const program = new URL('../dist/argosy.js', import.meta.url);

// From Node 22 on, compiled code is kept for the next start.
module.enableCompileCache?.();

if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('argosy is not built yet\nhint: run `npm run build` in its folder\n');
  process.exitCode = 51;
}
