import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      // SQL files are text, as esbuild's text loader makes them in the bundle.
      name: 'sql-as-text',
      transform: (code, id) =>
        id.endsWith('.sql') ? { code: `export default ${JSON.stringify(code)};`, map: null } : null,
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    pool: 'forks',
    // Two at least: much of the suite waits for processes and servers of its own.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
