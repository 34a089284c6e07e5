import { humaneCount } from '../../core/humane.ts';
import type { Content } from '../../stages/observe/page/html.ts';
import { renderPage, type Section } from '../../stages/observe/page/page.ts';
import { table } from '../../stages/observe/page/table.ts';
import { tiles } from '../../stages/observe/page/tiles.ts';
import { failureLines, mark, standing, verdicts } from '../../stages/observe/page/verdicts.ts';
import { figures } from '../../stages/observe/plot/figure.ts';
import { linePlot } from '../../stages/observe/plot/line.ts';
import type { MakeReport } from '../../stages/observe/report.ts';
import { type MarketDay, readDay, type SymbolDay } from './report/day.ts';

/** The page of a day of market-data: prices, volume, gaps and checks. It is made from the store alone. */
export const marketReport: MakeReport = async (request) => {
  const day = await readDay(request);
  const html = renderPage({
    title: 'market-data',
    subtitle: `Daily prices, ${day.logicalDate}`,
    state: stateOf(day),
    alerts: day.quality === null ? [] : failureLines([day.quality]),
    facts: factsOf(day),
    opening: openingOf(day),
    sections: [
      pricesSection(day),
      volumeSection(day),
      symbolsSection(day),
      checksSection(day),
      runsSection(day),
    ],
    origin: request.ports.store.url,
  });
  return { logicalDate: day.logicalDate, html };
};

function stateOf({ run, quality }: MarketDay): Content {
  if (run.status === 'running') return mark('told', 'Running');
  const outcome = run.status === 'success' ? mark('good', 'Succeeded') : mark('bad', 'Failed');
  return quality === null ? outcome : [outcome, ' ', standing([quality])];
}

function factsOf({ run }: MarketDay): [string, Content][] {
  return [
    ['run', run.run_id],
    ['started', `${run.started_at.slice(0, 19).replace('T', ' ')} UTC`],
    ['trigger', run.trigger],
    ...(run.error_message === null ? [] : [['error', run.error_message] as [string, Content]]),
  ];
}

function openingOf({ run, symbolCount, extractions }: MarketDay): Content {
  const count = (outcome: string) => extractions.filter((one) => one.outcome === outcome).length;
  const merged = run.steps.find(({ step }) => step === 'transform')?.outputs ?? {};
  const text = (name: string) => humaneCount(Number(merged[name] ?? 0));
  return tiles([
    { label: 'symbols', value: humaneCount(symbolCount), note: 'with prices' },
    { label: 'landed', value: humaneCount(count('landed')), note: 'replies of this day' },
    { label: 'pending', value: humaneCount(count('pending')), note: 'left for the next run' },
    { label: 'failed', value: humaneCount(count('failed')), note: 'asked for in vain' },
    { label: 'new prices', value: text('inserted'), note: `${text('revised')} revised` },
  ]);
}

const price = (value: number): string => value.toFixed(2);

function pricesSection({ symbols, symbolCount }: MarketDay): Section {
  const shown = symbols.length < symbolCount ? ` ${symbols.length} of ${symbolCount} symbols.` : '';
  return {
    id: 'prices',
    title: 'Prices',
    lead: `Closing prices as landed last, in US dollars, not adjusted; a gap where a session is missing.${shown}`,
    body: figures(
      ...symbols.map(({ symbol, sessions, closes }) =>
        linePlot({
          id: `close-${idOf(symbol)}`,
          title: symbol,
          description: `Close of ${symbol} by session.`,
          by: 'session',
          labels: sessions,
          series: [{ name: 'close', values: closes }],
          isFromZero: false,
          text: price,
        }),
      ),
    ),
  };
}

function volumeSection({ symbols }: MarketDay): Section {
  return {
    id: 'volume',
    title: 'Volume',
    lead: 'Shares traded by session.',
    body: figures(
      ...symbols.map(({ symbol, sessions, volumes }) =>
        linePlot({
          id: `volume-${idOf(symbol)}`,
          title: symbol,
          description: `Shares of ${symbol} that were traded, by session.`,
          by: 'session',
          labels: sessions,
          series: [{ name: 'volume', values: volumes }],
        }),
      ),
    ),
  };
}

/** Symbols may hold `.`, `^` and `=`, which a fragment should not. */
function idOf(symbol: string): string {
  return Buffer.from(symbol).toString('hex');
}

const GAPS_SHOWN = 10;

function symbolsSection({ symbols, extractions }: MarketDay): Section {
  const failures = extractions.filter(({ outcome }) => outcome !== 'landed');
  return {
    id: 'symbols',
    title: 'Symbols and gaps',
    lead: 'A gap is a session between the first and the last day of the newest reply that it does not have.',
    body: [
      table({
        caption: 'Symbols with prices',
        columns: [
          { name: 'symbol', kind: 'short' },
          { name: 'last session', kind: 'short' },
          { name: 'close', kind: 'number' },
          { name: 'gaps', kind: 'number' },
          { name: 'missing sessions' },
        ],
        rows: symbols.map(symbolRow),
      }),
      failures.length === 0
        ? null
        : table({
            caption: 'Symbols without prices of this day',
            columns: [
              { name: 'symbol', kind: 'short' },
              { name: 'outcome', kind: 'short' },
              { name: 'why' },
            ],
            rows: failures.map(({ symbol, outcome, message }) => [symbol, outcome, message ?? '']),
          }),
    ],
  };
}

function symbolRow({ symbol, sessions, closes, gaps }: SymbolDay): Content[] {
  const close = closes.at(-1) ?? null;
  const shown = gaps.slice(-GAPS_SHOWN).join(', ');
  const more = gaps.length > GAPS_SHOWN ? `, and ${gaps.length - GAPS_SHOWN} before` : '';
  return [
    symbol,
    sessions.at(-1) ?? '',
    close === null ? '' : price(close),
    gaps.length,
    `${shown}${more}`,
  ];
}

function checksSection({ quality }: MarketDay): Section {
  return {
    id: 'checks',
    title: 'Checks',
    lead: 'What the rules asked of the fact table, and what they saw.',
    body: quality === null ? 'No check was made in this run.' : verdicts(quality),
  };
}

function runsSection({ history }: MarketDay): Section {
  return {
    id: 'runs',
    title: 'Runs',
    lead: `The newest ${history.length === 1 ? 'run' : `${history.length} runs`}.`,
    body: table({
      caption: 'Runs, the newest first',
      columns: [
        { name: 'logical date', kind: 'short' },
        { name: 'run', kind: 'values' },
        { name: 'status', kind: 'short' },
        { name: 'rows', kind: 'number' },
        { name: 'rejects', kind: 'number' },
        { name: 'problems', kind: 'number' },
      ],
      rows: history
        .toReversed()
        .map((run) => [
          run.logical_date,
          run.run_id,
          run.status,
          humaneCount(run.records_loaded),
          humaneCount(run.records_rejected),
          run.problems.length,
        ]),
    }),
  };
}
