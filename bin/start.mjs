import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';

ensureInstalled();
await ensureBuilt();
process.argv.splice(2, 0, 'run', 'fama-french', '--sample');
await import('./argosy.mjs');
