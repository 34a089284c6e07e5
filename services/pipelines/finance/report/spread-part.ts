import { html } from '../../../stages/observe/page/html.ts';
import type { Section } from '../../../stages/observe/page/page.ts';
import { barPlot, histogramPlot } from '../../../stages/observe/plot/bars.ts';
import { figures } from '../../../stages/observe/plot/figure.ts';
import { linePlot } from '../../../stages/observe/plot/line.ts';
import { rowPlot } from '../../../stages/observe/plot/rows.ts';
import type { Spread } from './spread.ts';

const BY_COUNT = { unit: 'transactions' };

/** How the clean transactions are spread over amounts, risk and days. */
export function spreadSection(spread: Spread | null): Section {
  const lead = 'The clean transactions of the day, counted from the object that the load reads.';
  const place = { id: 'spread', title: 'Transactions' };
  if (spread === null)
    return { ...place, body: html`<p class="empty">There are no clean transactions.</p>` };
  return {
    ...place,
    lead,
    body: figures(...amountPlots(spread), ...riskPlots(spread), ...dayPlots(spread)),
  };
}

function amountPlots({ amounts, amountCategories }: Spread) {
  return [
    histogramPlot({
      ...BY_COUNT,
      id: 'amounts',
      title: 'Amounts',
      description: 'Transactions by amount, four steps to a power of ten.',
      by: 'amount',
      bins: amounts,
      isLog: true,
    }),
    rowPlot({
      ...BY_COUNT,
      id: 'amount-categories',
      title: 'Amount categories',
      description: 'Up to 50, 200, 500, 1,000, and above.',
      by: 'category',
      bars: amountCategories,
    }),
  ];
}

function riskPlots({ riskScores, riskLevels }: Spread) {
  return [
    barPlot({
      ...BY_COUNT,
      id: 'risk-scores',
      title: 'Risk scores',
      description: 'Transactions by score, from 0 to 100.',
      by: 'score',
      bars: riskScores,
    }),
    rowPlot({
      ...BY_COUNT,
      id: 'risk-levels',
      title: 'Risk levels',
      description: 'Low up to 20, medium up to 50, high up to 80, critical above.',
      by: 'level',
      bars: riskLevels,
    }),
  ];
}

function dayPlots({ days }: Spread) {
  const labels = days.map(({ day }) => day);
  return [
    linePlot({
      id: 'daily-counts',
      title: 'Transactions a day',
      description: 'By the day of the transaction.',
      by: 'day',
      labels,
      series: [{ name: 'transactions', values: days.map(({ count }) => count) }],
    }),
    linePlot({
      id: 'daily-amounts',
      title: 'Amount a day',
      description: 'Sum of the amounts, by the day of the transaction.',
      by: 'day',
      labels,
      series: [{ name: 'amount', values: days.map(({ sum }) => sum) }],
      text: money,
    }),
  ];
}

function money(value: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
