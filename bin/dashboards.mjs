import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cost } from './dashboard/cost.mjs';
import { health } from './dashboard/health.mjs';
import { performance } from './dashboard/performance.mjs';
import { quality } from './dashboard/quality.mjs';

const FOLDER = fileURLToPath(new URL('../helm/argosy/files/dashboards/', import.meta.url));

/** The text of each dashboard by the name of its file. */
export const DASHBOARDS = Object.fromEntries(
  Object.entries({ health, quality, cost, performance }).map(([name, dashboard]) => [
    `${name}.json`,
    `${JSON.stringify(dashboard, null, 2)}\n`,
  ]),
);

// Called as a program it writes them; test/dashboards/style.test.ts compares.
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(DASHBOARDS)) writeFileSync(join(FOLDER, name), text);
}
