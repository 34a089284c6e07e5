/** The month at whose end a made-up library file was made; `month` counts from 1. */
export interface SampleVintage {
  year: number;
  month: number;
}

export interface VintageOptions extends SampleVintage {
  /** History starts in July of this year; 1926 as in the library. */
  firstYear: number;
  /** Same seed, same numbers; vintages of one seed share their history but for revisions. */
  seed: number;
}

type Kind = 'percent' | 'count' | 'money' | 'ratio';

interface BlockShape {
  /** Title lines exactly as the library writes them. */
  title: readonly string[];
  kind: Kind;
  isAnnual?: boolean;
  /** The first year there can be data of. */
  since?: number;
}

const HEADER = ',SMALL LoBM,ME1 BM2,SMALL HiBM,BIG LoBM,ME2 BM2,BIG HiBM';
const PORTFOLIOS = 6;
const FORMED = '  For portfolios formed in June of year t';
const MONTHS_HELD = '  Where Mth is a month from June of t to June of t+1';

const BLOCKS: readonly BlockShape[] = [
  { title: ['  Average Value Weighted Returns -- Monthly'], kind: 'percent' },
  { title: ['  Average Equal Weighted Returns -- Monthly'], kind: 'percent' },
  { title: ['  Average Value Weighted Returns -- Annual'], kind: 'percent', isAnnual: true },
  { title: ['  Average Equal Weighted Returns -- Annual'], kind: 'percent', isAnnual: true },
  { title: ['  Number of Firms in Portfolios'], kind: 'count' },
  { title: ['  Average Market Cap'], kind: 'money' },
  {
    title: [
      FORMED,
      '  Value Weight Average of BE/ME Calculated for June of t to June of t+1 as: ',
      '  Sum[ME(Mth) * BE(Fiscal Year t-1) / ME(Dec t-1)] / Sum[ME(Mth)]',
      MONTHS_HELD,
      '  and BE(Fiscal Year t-1) is adjusted for net stock issuance to Dec t-1',
    ],
    kind: 'ratio',
  },
  {
    title: [
      FORMED,
      '  Value Weight Average of BE_FYt-1/ME_June t Calculated for June of t to June of t+1 as: ',
      '  Sum[ME(Mth) * BE(Fiscal Year t-1) / ME(Jun t)] / Sum[ME(Mth)]',
      MONTHS_HELD,
      '  and BE(Fiscal Year t-1) is adjusted for net stock issuance to Jun t',
    ],
    kind: 'ratio',
  },
  {
    title: [
      FORMED,
      '  Value Weight Average of OP Calculated as: ',
      '  Sum[ME(Mth) * OP(fiscal year t-1) / BE(fiscal year t-1)] / Sum[ME(Mth)] ',
      MONTHS_HELD,
    ],
    kind: 'ratio',
    since: 1963,
  },
  {
    title: [
      FORMED,
      '  Value Weight Average of investment (rate of growth of assets) Calculated as: ',
      '  Sum[ME(Mth) * Log(ASSET(t-1) / ASSET(t-2) / Sum[ME(Mth)] ',
      MONTHS_HELD,
    ],
    kind: 'ratio',
    since: 1963,
  },
];

/** One cell in so many is restated from vintage to vintage, as the library does. */
const REVISED_ONE_IN = 499;

/** Of the first rows of a monthly block, one cell in so many is missing. */
const MISSING_ONE_IN = 47;
const EARLY_ROWS = 60;

/**
 * A library CSV with made-up numbers in the real shape: ten blocks with the real titles, preamble,
 * copyright line, -99.99 and -999 in early rows. Files of odd years have CRLF line ends, as some of
 * the library's have. Contains no number of the library.
 */
export function makeVintageCsv(options: VintageOptions): string {
  const { year, month, firstYear, seed } = options;
  const made = `${year}${String(month).padStart(2, '0')}`;
  const lines = preamble(made);
  for (const [index, shape] of BLOCKS.entries()) {
    const since = Math.max(firstYear, shape.since ?? 0);
    const dates = shape.isAnnual ? years(since, options) : months(since, options);
    lines.push(...shape.title, HEADER);
    const blockSeed = mix(seed, index + 1);
    for (const [row, date] of dates.entries()) {
      lines.push(rowLine(shape, { date, row, seed: blockSeed, vintage: year * 12 + month }));
    }
    lines.push('', '');
  }
  lines.pop();
  lines.push(`Copyright ${year} Kenneth R. French`, '');
  return lines.join(year % 2 === 1 ? '\r\n' : '\n');
}

function preamble(made: string): string[] {
  return [
    `This file was created by CMPT_ME_BEME_OP_INV_RETS using the ${made} CRSP database.`,
    'It is a sample: the shape is that of the library, the numbers are made up.',
    '',
    'Annual returns are from January to December.',
    '',
    'Missing data are indicated by -99.99 or -999.',
    '',
    '',
  ];
}

function months(firstYear: number, { year, month }: SampleVintage): number[] {
  const dates: number[] = [];
  for (let at = firstYear * 12 + 6; at < year * 12 + month; at++) {
    dates.push(Math.floor(at / 12) * 100 + (at % 12) + 1);
  }
  return dates;
}

/** Years that were over when the vintage was made; the first half year of the history is none. */
function years(firstYear: number, { year, month }: SampleVintage): number[] {
  const last = month === 12 ? year : year - 1;
  return Array.from({ length: Math.max(0, last - firstYear) }, (_, at) => firstYear + 1 + at);
}

interface RowPlace {
  date: number;
  row: number;
  seed: number;
  vintage: number;
}

function rowLine(shape: BlockShape, { date, row, seed, vintage }: RowPlace): string {
  let line = shape.isAnnual ? `  ${date}` : String(date);
  const year = shape.isAnnual ? date : Math.floor(date / 100);
  const rowSeed = mix(seed, date);
  for (let portfolio = 0; portfolio < PORTFOLIOS; portfolio++) {
    const drawn = mix(rowSeed, portfolio + 1);
    const isEarly = row < EARLY_ROWS && !shape.isAnnual;
    if (isEarly && drawn % MISSING_ONE_IN === 0) {
      line += shape.kind === 'percent' ? ', -99.9900' : ',     -999';
      continue;
    }
    const nudge = drawn % REVISED_ONE_IN === 0 ? 1 + (mix(drawn, vintage) % 9) : 0;
    line += cell(shape.kind, drawn, { portfolio, year, nudge });
  }
  return line;
}

/** A cell as the library prints it; `nudge` moves its last digit. */
function cell(
  kind: Kind,
  drawn: number,
  { portfolio, year, nudge }: { portfolio: number; year: number; nudge: number },
): string {
  // Three dice make a bell: mean 0, standard deviation about 0.5.
  const bell = ((drawn & 1023) + ((drawn >>> 10) & 1023) + ((drawn >>> 20) & 1023)) / 1023 - 1.5;
  if (kind === 'percent') return `,${decimals(bell * 12 + 0.9 + nudge / 10_000, 4, 9)}`;
  if (kind === 'ratio') return `,${decimals(0.9 + bell * 0.5 + nudge / 10_000, 4, 9)}`;
  if (kind === 'count') return `,${String(150 + (drawn % 700) + nudge).padStart(7)}`;
  const scale = portfolio < 3 ? 6 : 90;
  const growth = Math.exp((year - 1926) * 0.06);
  return `,${decimals(scale * growth * (1.5 + bell / 2) + nudge / 100, 2, 12)}`;
}

function decimals(value: number, digits: number, width: number): string {
  return value.toFixed(digits).padStart(width);
}

/** Two numbers stirred into one of 32 bits; equal in, equal out (the finaliser of MurmurHash3). */
function mix(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ b;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
