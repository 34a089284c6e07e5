import { expect, it } from 'vitest';
import type { Dataset } from '../../../services/core/dataset.ts';
import { athenaDdl } from '../../../services/stages/serve/ddl/athena.ts';
import { dropStatements, tableDigests } from '../../../services/stages/serve/ddl/redefine.ts';

const SALES: Dataset = {
  name: 'sales',
  kind: 'table',
  description: '',
  columns: [{ name: 'year', type: 'INTEGER', description: '' }],
  location: 'sales/',
  partitionBy: ['year'],
};

const digestsOf = (dataset: Dataset, last: number) =>
  tableDigests(
    athenaDdl({
      database: { name: 'shop', datasets: [dataset] },
      storeUrl: 's3://b',
      years: new Map([['sales', { first: 2025, last }]]),
    }),
  );

it('another year makes no other table, another column does', () => {
  const now = digestsOf(SALES, 2026);
  expect(Object.keys(now)).toEqual(['`shop`.`sales`']);
  expect(dropStatements(now, digestsOf(SALES, 2027))).toEqual([]);
  const more = { name: 'n', type: 'INTEGER', description: '' } as const;
  const wider = { ...SALES, columns: [...SALES.columns, more] };
  expect(dropStatements(now, digestsOf(wider, 2026))).toEqual([
    'DROP TABLE IF EXISTS `shop`.`sales`',
  ]);
  expect(dropStatements({}, now)).toEqual([]);
});
