import { array, assert, double, integer, property, record, string, tuple } from 'fast-check';
import { parse } from 'node-html-parser';
import { describe, expect, it } from 'vitest';
import { barPlot, histogramPlot } from '../../../services/stages/observe/plot/bars.ts';
import { linePlot } from '../../../services/stages/observe/plot/line.ts';
import { multiplesPlot } from '../../../services/stages/observe/plot/multiples.ts';
import { pairPlot } from '../../../services/stages/observe/plot/pair.ts';
import { rowPlot } from '../../../services/stages/observe/plot/rows.ts';
import {
  axisNumber,
  decades,
  fitLabels,
  fitText,
  niceTicks,
  textWidthPx,
} from '../../../services/stages/observe/plot/scale.ts';
import { stackPlot } from '../../../services/stages/observe/plot/stack.ts';

const numberArb = double({ min: -1e12, max: 1e12, noNaN: true });

describe('ticks', () => {
  it('are few, round, evenly apart, and hold the range between them', () => {
    assert(
      property(numberArb, numberArb, (a, b) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const slack = Math.max(Math.abs(min), Math.abs(max)) * 1e-8 + 1e-300;
        const ticks = niceTicks(min, max, 5);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect(ticks[0]).toBeLessThanOrEqual(min + slack);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(max - slack);
        for (const tick of ticks) expect(String(Math.abs(tick)).length).toBeLessThan(20);
      }),
    );
  });

  it.each([
    [0, 0, [0, 1]],
    [0, 7, [0, 2, 4, 6, 8]],
    [0, 623, [0, 200, 400, 600, 800]],
    [0.1, 0.3, [0.1, 0.15, 0.2, 0.25, 0.3]],
    [33, 100, [20, 40, 60, 80, 100]],
    [-5, 5, [-5, 0, 5]],
  ])('from %d to %d are %j', (min, max, ticks) => {
    expect(niceTicks(min, max, 5)).toEqual(ticks);
  });

  it('of powers of ten hold the range too', () => {
    expect(decades(0.01, 18_000)).toEqual([0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000]);
    expect(decades(10, 1000)).toEqual([10, 100, 1000]);
  });

  it('are short to read', () => {
    const values = [0, 0.5, 999, 1000, 1500, 20_000_000, -2500, 3e9];
    expect(values.map(axisNumber)).toEqual(['0', '0.5', '999', '1k', '1.5k', '20M', '-2.5k', '3B']);
  });
});

describe('labels', () => {
  const labelsArb = array(tuple(integer({ min: 0, max: 960 }), string({ maxLength: 12 })), {
    maxLength: 400,
  }).map((all) => all.map(([x, text]) => ({ x, text })).toSorted((a, b) => a.x - b.x));

  it('never overlap, never leave the plot, and the first is always there', () => {
    assert(
      property(labelsArb, (labels) => {
        const kept = fitLabels(labels, 960);
        for (const [at, { x, text }] of kept.entries()) {
          const half = textWidthPx(text) / 2;
          expect(x - half).toBeGreaterThanOrEqual(-0.01);
          expect(x + half).toBeLessThanOrEqual(960.01);
          const before = kept[at - 1] ?? { x: -Infinity, text: '' };
          expect(x - half).toBeGreaterThan(before.x + textWidthPx(before.text) / 2);
        }
        expect(kept[0]?.text).toBe(labels[0]?.text);
      }),
    );
  });

  it('that are too long are cut with an ellipsis', () => {
    const cut = fitText('transaction', 40);
    expect(cut).toMatch(/^tra.*…$/);
    expect(textWidthPx(cut)).toBeLessThanOrEqual(40);
    expect(fitText('short', 400)).toBe('short');
  });
});

const NAMES = {
  id: 'p',
  title: 'Rows <a day>',
  description: 'Rows & more.',
  unit: 'rows',
  by: 'day',
};
const barsArb = array(record({ label: string(), value: integer({ min: 0, max: 1_000_000_000 }) }), {
  minLength: 1,
  maxLength: 40,
});

describe('a plot', () => {
  it('of any figures has numbers for coordinates, a title and a table with every figure', () => {
    assert(
      property(barsArb, (bars) => {
        const series = [
          { name: 'a', values: bars.map(({ value }) => value) },
          { name: 'b', values: bars.map(({ value }) => (value % 3 === 0 ? null : value)) },
        ];
        const labels = bars.map(({ label }) => label);
        const bins = bars.map(({ value }, at) => ({
          from: 10 ** at,
          to: 10 ** (at + 1),
          count: value,
        }));
        const plots = [
          barPlot({ ...NAMES, bars }),
          rowPlot({ ...NAMES, bars }),
          histogramPlot({ ...NAMES, bins: bins.slice(0, 20), isLog: true }),
          linePlot({ ...NAMES, labels, series }),
          stackPlot({ ...NAMES, parts: bars.slice(0, 5) }),
          pairPlot({ ...NAMES, labels, line: series[1]!, bars: series[0]! }),
          multiplesPlot({ ...NAMES, labels, panels: series }),
        ];
        for (const { markup } of plots) {
          expect(markup).not.toMatch(/NaN|Infinity|undefined/);
          const found = parse(markup);
          const drawings = found.querySelectorAll('svg[role=img]');
          expect(drawings).toHaveLength(3);
          for (const one of drawings) {
            const ids = one.getAttribute('aria-labelledby')!.split(' ');
            expect(ids.map((id) => one.querySelector(`#${id}`)?.rawText)).toEqual([
              'Rows &lt;a day&gt;',
              'Rows &amp; more.',
            ]);
          }
        }
        expect(parse(plots[0]!.markup).querySelectorAll('tbody tr')).toHaveLength(bars.length);
      }),
      { numRuns: 40 },
    );
  });

  it('of nothing says so, and draws none', () => {
    const { markup } = barPlot({ ...NAMES, bars: [] });
    expect(parse(markup).querySelectorAll('svg, table')).toHaveLength(0);
    expect(markup).toContain('There is nothing to draw.');
  });

  it('of a line leaves a gap where there is no value, and draws a value that stands alone', () => {
    const values = [1, 2, null, 3, null, 4, 5];
    const labels = values.map((_, at) => `d${at}`);
    const { markup } = linePlot({ ...NAMES, labels, series: [{ name: 's', values }] });
    const [drawing] = parse(markup).querySelectorAll('svg.wide');
    const path = drawing?.querySelector('path.line')?.getAttribute('d') ?? '';
    expect(path.match(/M/g)).toHaveLength(2);
    expect(drawing?.querySelectorAll('circle')).toHaveLength(1);
    expect(markup).toContain('<td class="number">–</td>');
  });

  it('of parts shows each part that there is, however small, and fills its width', () => {
    const parts = [
      { label: 'large', value: 999_999 },
      { label: 'one', value: 1 },
      { label: 'none', value: 0 },
    ];
    const [drawing] = parse(stackPlot({ ...NAMES, parts }).markup).querySelectorAll('svg.narrow');
    const widths = drawing
      ?.querySelectorAll('rect')
      .map((one) => Number(one.getAttribute('width')));
    expect(widths).toEqual([335, 3]);
  });

  it('of a pair has both over the same days, whatever the widths of their numbers', () => {
    const labels = ['a', 'b', 'c'];
    const line = { name: 'price', values: [1.5, null, 2.5] };
    const bars = { name: 'volume', values: [12_345_678, 0, null] };
    const [drawing] = parse(pairPlot({ ...NAMES, labels, line, bars }).markup).querySelectorAll(
      'svg.wide',
    );
    const dots = drawing!.querySelectorAll('circle').map((one) => one.getAttribute('cx'));
    const path = drawing!.querySelector('path.stroke-3')!.getAttribute('d')!;
    const stems = [...path.matchAll(/M([\d.]+) /g)].map(([, x]) => x);
    expect(stems[0]).toBe(dots[0]);
    expect(stems).toHaveLength(2);
  });

  it('of many panels has them all on one scale', () => {
    const panels = [
      { name: 'small', values: [0, 1] },
      { name: 'large', values: [0, 10] },
    ];
    const { markup } = multiplesPlot({ ...NAMES, labels: ['a', 'b'], panels });
    const [drawing] = parse(markup).querySelectorAll('svg.wide');
    const rises = drawing!.querySelectorAll('path.line').map((one) => {
      const ys = [...one.getAttribute('d')!.matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y));
      return ys[0]! - ys[1]!;
    });
    expect(rises[1]! / rises[0]!).toBeCloseTo(10, 0);
  });
});
