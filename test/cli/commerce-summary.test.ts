import { expect, it } from 'vitest';
import { answersText } from '../../services/cli/summary/commerce-answers.ts';
import { NAMED } from '../../services/pipelines/commerce/answer/named.ts';
import type { Answers, Row } from '../../services/pipelines/commerce/report/answers.ts';
import { textWidth } from '../../services/cli/view/text-width.ts';
import { cli } from '../support/cli.ts';
import { describeLong } from '../support/require-component.ts';
import { tempFolder } from '../support/temp-folder.ts';

const WIDTH = 80;
const MONEY = '12345678.90';

/** Rows with values as long as they may come; what a row does not have is shown as such. */
const ANSWERS: Answers = new Map<string, Row[]>([
  [
    'current_kpis',
    ['total_revenue', 'total_orders', 'avg_order_value', 'conversion_rate_pct'].map((kpi) => ({
      kpi,
      value: kpi === 'total_orders' ? '1234567.00' : MONEY,
      previous: null,
      change_pct: kpi === 'total_orders' ? '-12.34' : null,
    })),
  ],
  [
    'top_products',
    Array.from({ length: 20 }, () => ({
      product_name: 'A very long name of a product that nobody would ever have room for',
      category: 'Sports & Outdoors and more',
      total_quantity_sold: 1234567,
      total_revenue: MONEY,
    })),
  ],
]);

it('every named query is there by name, as of the day, in lines of at most 80 letters', () => {
  const text = answersText(ANSWERS, '2026-01-31', WIDTH);
  for (const { name } of NAMED) expect(text).toMatch(new RegExp(`^${name}: `, 'm'));
  expect(text).toContain('named queries as of 2026-01-31');
  for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
});

it('amounts have thousands, orders are whole, what is not known is a dash', () => {
  const text = answersText(ANSWERS, '2026-01-31', WIDTH);
  expect(text).toMatch(/total_revenue +12,345,678\.90 +- +-\n/);
  expect(text).toMatch(/total_orders +1,234,567 +0 +-12\.34 %\n/);
  expect(text).toContain('… and 17 more rows');
});

describeLong('argosy run commerce --sample', () => {
  it('ends with where every row went, the verdict of the gate, all named queries, and what to try next', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    const { exitCode, stdout } = await cli(['run', 'commerce', '--sample'], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/quality +gate passed: \d+ of \d+ checks hold/);
    expect(stdout).toMatch(/transactions +12,000 +\d\d,\d{3} +\d+\n/);
    for (const { name } of NAMED) expect(stdout).toMatch(new RegExp(`^${name}: `, 'm'));
    // Two months, so that the figures have something to be compared with.
    expect(stdout).toMatch(/total_revenue .*\d %\n/);
    const next = [...stdout.matchAll(/^ {2}(?:npx )?argosy (.*?) +# /gm)].map(([, line]) => line!);
    expect(next.length).toBeGreaterThan(4);
    for (const line of next.filter((one) => !one.startsWith('run'))) {
      const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, a, b]) => a ?? b!);
      expect(await cli(words, { cwd })).toMatchObject({ exitCode: 0 });
    }
    const wide = stdout.split('\n').filter((line) => textWidth(line) > WIDTH);
    expect(wide.filter((line) => !line.includes(cwd))).toEqual([]);
  }, 120_000);
});
