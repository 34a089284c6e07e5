import { figures } from '../../services/stages/observe/plot/figure.ts';
import { renderPage } from '../../services/stages/observe/page/page.ts';
import { table } from '../../services/stages/observe/page/table.ts';
import { tiles } from '../../services/stages/observe/page/tiles.ts';
import { mark } from '../../services/stages/observe/page/verdicts.ts';
import { barPlot, histogramPlot } from '../../services/stages/observe/plot/bars.ts';
import { linePlot } from '../../services/stages/observe/plot/line.ts';
import { multiplesPlot } from '../../services/stages/observe/plot/multiples.ts';
import { pairPlot } from '../../services/stages/observe/plot/pair.ts';
import { rowPlot } from '../../services/stages/observe/plot/rows.ts';
import { stackPlot } from '../../services/stages/observe/plot/stack.ts';

const DAYS = 1500;
const LONG = 'a name that is far longer than any place that a plot has for the name of one thing';

/** Every part of the page kit with figures that are hard on it: none, one, many, long names, wide ranges, gaps. */
export function plotGallery(): string {
  let count = 0;
  const named = (title: string) => {
    count += 1;
    return { id: `plot-${count}`, title, description: `${title}.`, unit: 'rows', by: 'day' };
  };
  const labels = Array.from({ length: DAYS }, (_, at) =>
    new Date(Date.UTC(2020, 0, 1 + at)).toISOString().slice(0, 10),
  );
  const walk = labels.map((_, at) => 100 + 40 * Math.sin(at / 90) + 9 * Math.sin(at / 7));
  const gaps = walk.map((value, at) => (at % 200 < 30 || at % 97 === 0 ? null : value));
  const volume = walk.map((value, at) => Math.round(value * 1e6 * (1 + (at % 5))));
  const bars = labels.slice(0, 40).map((label, at) => ({ label, value: at * at * 1000 }));
  const bins = Array.from({ length: 33 }, (_, at) => ({
    from: 10 ** (at / 4 - 2),
    to: 10 ** ((at + 1) / 4 - 2),
    count: (at * 37) % 101,
  }));
  const names = ['completed', LONG, 'pending', 'x', ''];
  const five = names.map((label, at) => ({ label, value: 10 ** at }));
  const panels = Array.from({ length: 11 }, (_, at) => ({
    name: at === 3 ? LONG : `SYM${at}`,
    values: walk.slice(at * 90, at * 90 + 90),
  }));
  const series = five.map(({ label }, at) => ({
    name: label,
    values: walk.slice(0, 30).map((v) => v * (at + 1)),
  }));
  return renderPage({
    title: 'gallery',
    subtitle: 'every part of a page',
    state: [mark('good', 'holds'), mark('bad', 'fails'), mark('told', 'warns')],
    alerts: [LONG.repeat(4)],
    facts: [['a fact', LONG.replaceAll(' ', '-')]],
    opening: tiles([
      { label: LONG, value: '123,456,789,012', note: LONG },
      { label: 'b', value: '0' },
    ]),
    sections: [
      {
        id: 'plots',
        title: 'Plots',
        body: figures(
          linePlot({
            ...named('Line with gaps'),
            labels,
            series: [{ name: 'value', values: gaps }],
          }),
          linePlot({ ...named('Five lines'), labels: labels.slice(0, 30), series }),
          linePlot({ ...named('No line'), labels: [], series: [] }),
          linePlot({
            ...named('One point'),
            labels: ['only'],
            series: [{ name: 'a', values: [5] }],
          }),
          linePlot({
            ...named('Below zero'),
            labels: ['a', 'b'],
            series: [{ name: 'a', values: [-5e9, 5e9] }],
          }),
          barPlot({ ...named('Bars'), bars }),
          barPlot({ ...named('Bars of long names'), bars: five }),
          barPlot({ ...named('No bars'), bars: [] }),
          histogramPlot({ ...named('Histogram'), bins, isLog: true }),
          histogramPlot({ ...named('No histogram'), bins: [], isLog: true }),
          rowPlot({ ...named('Rows'), bars: five }),
          stackPlot({ ...named('Parts'), parts: five }),
          stackPlot({ ...named('No parts'), parts: [] }),
        ),
      },
      {
        id: 'wide',
        title: 'Wide plots',
        body: [
          pairPlot({
            ...named('Price and volume'),
            labels,
            line: { name: 'price', values: gaps },
            bars: { name: 'volume', values: volume },
          }),
          multiplesPlot({ ...named('Many'), labels: labels.slice(0, 90), panels }),
          table({
            caption: 'A wide table',
            columns: labels.slice(0, 30).map((name) => ({ name, kind: 'number' as const })),
            rows: [labels.slice(0, 30)],
          }),
        ],
      },
    ],
    origin: LONG,
  });
}
