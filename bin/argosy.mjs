#!/usr/bin/env node
import { existsSync } from 'node:fs';

const program = new URL('../dist/argosy.js', import.meta.url);

if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('argosy is not built yet\nhint: run `npm run build` in its folder\n');
  process.exitCode = 51;
}
