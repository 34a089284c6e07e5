import { expect, it } from 'vitest';
import { datasetId } from '../../services/core/dataset.ts';
import { WINGS } from '../../services/cli/commands.ts';
import { byId } from '../../services/stages/observe/lineage/event.ts';

it.each(Object.keys(WINGS))('the flow of %s names its own steps and tables', async (name) => {
  const wing = WINGS[name]!;
  const flow = await wing.flow('local');
  const { steps } = await wing.load();
  expect(steps.map((step) => step.name)).toEqual(expect.arrayContaining(Object.keys(flow.steps)));
  const tables = byId(flow.tables);
  const warehouse = byId((await wing.warehouse?.()) ?? []);
  const known: Readonly<Record<string, (id: string) => boolean>> = {
    table: (id) => tables.has(id),
    warehouse: (id) => warehouse.has(id),
    source: (id) => Object.hasOwn(flow.sources, id),
    store: () => true,
    side: () => true,
  };
  const places = Object.values(flow.steps).flatMap(({ reads, writes, sameColumns = [] }) => [
    ...reads,
    ...writes,
    ...sameColumns.map(({ from }) => from),
  ]);
  const unknown = places.filter((place) => {
    const [kind = '', id = ''] = place.split(/:(.*)/);
    return known[kind]?.(id) !== true;
  });
  expect(unknown).toEqual([]);
  for (const { parameter } of Object.values(flow.sources))
    expect(steps.some(({ parameters }) => parameters.some((one) => one.name === parameter))).toBe(
      true,
    );
});

it.each(Object.keys(WINGS))(
  'what a dataset of %s is made of is a dataset or a source',
  async (name) => {
    const wing = WINGS[name]!;
    const { tables } = await wing.flow('local');
    const datasets = [...tables, ...((await wing.warehouse?.()) ?? [])];
    const ids = new Set(datasets.map(datasetId));
    const unknown = datasets.flatMap(({ from = [] }) =>
      from.filter((one) => !one.startsWith('source:') && !ids.has(one)),
    );
    expect(unknown).toEqual([]);
    expect(tables.filter(({ from = [] }) => from.length === 0)).toEqual([]);
  },
);
