import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PRICES, stepCost } from '../../services/stages/observe/cost.ts';

const FREE = { durationSeconds: 0, storeCalls: [] };

describe('the cost of a step', () => {
  it('is what its pod requests, for as long as it took', () => {
    const { compute } = stepCost({ ...FREE, durationSeconds: 3600 }, PRICES);
    expect(compute).toBeCloseTo(0.25 * 0.04048 + 0.25 * 0.004445, 10);
  });

  it.each([
    ['put', 5],
    ['putIfAbsent', 5],
    ['list', 5],
    ['get', 0.4],
    ['open', 0.4],
    ['head', 0.4],
    ['delete', 0],
    ['localPath', 0],
  ])('is, for a million calls of %s, %d US dollars', (method, usd) => {
    const { requests } = stepCost({ ...FREE, storeCalls: [{ method, count: 1_000_000 }] }, PRICES);
    expect(requests).toBeCloseTo(usd, 10);
  });

  it('is a month of the bytes it wrote, and nothing for those it read', () => {
    const storeCalls = [
      { method: 'put', count: 1, sizeBytes: 400e9 },
      { method: 'putIfAbsent', count: 1, sizeBytes: 100e9 },
      { method: 'get', count: 1, sizeBytes: 900e9 },
    ];
    const { storage } = stepCost({ ...FREE, storeCalls }, PRICES);
    // Requirements 1.14: 500 GB at $0.023 a month.
    expect(storage).toBeCloseTo(11.5, 10);
  });

  it('follows the prices that it is given', () => {
    const storeCalls = [{ method: 'get', count: 1000 }];
    const prices = { ...PRICES, readUsdPer1000: 7 };
    expect(stepCost({ ...FREE, storeCalls }, prices).requests).toBe(7);
  });
});

it('the size of a step is that which the workflows request', () => {
  const file = fileURLToPath(new URL('../../workflows/fama-french.yaml', import.meta.url));
  const { spec } = parse(readFileSync(file, 'utf8')) as {
    spec: { templateDefaults: { container: { resources: { requests: Record<string, string> } } } };
  };
  const { cpu = '', memory = '' } = spec.templateDefaults.container.resources.requests;
  expect(cpu).toBe(`${PRICES.stepVcpus * 1000}m`);
  expect(memory).toBe(`${PRICES.stepMemoryGb * 1024}Mi`);
});
