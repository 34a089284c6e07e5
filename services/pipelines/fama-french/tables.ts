import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import type { Step, StepPorts } from '../../ports/step.ts';
import { openDatabase } from '../../stages/serve/database.ts';
import { registerPublished } from '../../stages/serve/registration.ts';
import { checkedState, keepChecked } from './catalogue-state.ts';
import { dartmouthDb } from './database.ts';

const CATALOG_KEY = `_catalog/${dartmouthDb.name}.json`;

/**
 * Registers the tables and views of `dartmouth_db` and proves that they answer: the rows that SQL sees are those
 * that the ingestion map counts (requirements 1.16).
 */
export const tables: Step = {
  name: 'tables',
  summary: 'Register tables and views, and check that SQL sees every row',
  parameters: [],
  async run(ports) {
    const isRegistered = await register(ports);
    await registerPublished(ports, dartmouthDb);
    const { fingerprint, isChecked } = await checkedState(ports);
    if (!isRegistered && isChecked) {
      ports.check('table-whole', 0);
      return { outputs: {}, counts: { objectsSkipped: 1 }, problems: [] };
    }
    const serve = { ...ports, cache: ports.scratch };
    const listed = (await dartmouthDb.objects(serve, null)).get('raw_data') ?? [];
    const expected = listed.reduce((sum, { rows }) => sum + rows, 0);
    const engine = await openDatabase(serve, dartmouthDb);
    try {
      const { rows } = await engine.query('SELECT count(*) FROM raw_data');
      const seen = Number(rows[0]?.[0]);
      ports.check('table-whole', seen === expected ? 0 : 1);
      if (seen !== expected) {
        throw new PipelineError(
          'quality-failed',
          `raw_data: SQL sees ${seen} rows, the map lists ${expected}`,
          {
            hint: 'an object changed after it was committed: run again with force=true',
          },
        );
      }
      for (const { name } of dartmouthDb.datasets)
        await engine.query(`SELECT * FROM ${name} LIMIT 0`);
      await keepChecked(ports, fingerprint);
      return {
        outputs: { rows: String(seen) },
        counts: { objectsRead: listed.length, objectsWritten: isRegistered ? 1 : 0 },
        problems: [],
      };
    } finally {
      await engine.close();
    }
  },
};

async function register({ store, signal }: StepPorts): Promise<boolean> {
  const { name, datasets, macroSql } = dartmouthDb;
  const bytes = Buffer.from(`${JSON.stringify({ name, datasets, macroSql }, null, 2)}\n`);
  const stored = await store.get(CATALOG_KEY, { signal });
  if (stored && sha256(stored) === sha256(bytes)) return false;
  await store.put(CATALOG_KEY, bytes, { signal });
  return true;
}
