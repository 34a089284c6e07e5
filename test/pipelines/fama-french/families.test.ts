import { expect, it } from 'vitest';
import { parseBlocks } from '../../../services/pipelines/fama-french/blocks.ts';
import { metricNames } from '../../../services/pipelines/fama-french/metrics.ts';

/** Shapes of the library's other files; the numbers are made up. */
const INDUSTRIES = `This file was created by CMPT_IND_RETS using the 202412 CRSP database.
It contains value- and equal-weighted returns for 5 industry portfolios.

Missing data are indicated by -99.99 or -999.


  Average Value Weighted Returns -- Monthly
,Food ,Beer ,Smoke,Hlth ,Other
192607,   0.12,  -5.34,   1.10, -99.99,   2.00
192608,   2.68,  27.03,   6.50,   4.20,   4.30


  Average Equal Weighted Returns -- Annual
,Food ,Beer ,Smoke,Hlth ,Other
1927,   0.12,  -5.34,   1.10, -99.99,   2.00


  Number of Firms in Portfolios
,Food ,Beer ,Smoke,Hlth ,Other
192607,    43,     3,    16,     0,    33


  Average Firm Size
,Food ,Beer ,Smoke,Hlth ,Other
192607,   35.98,  7.12, 52.46,  -999, 17.24


  Sum of BE / Sum of ME
,Food ,Beer ,Smoke,Hlth ,Other
1926,   0.50,   1.50,   0.44, -99.99,   0.90


  Value-Weighted Average of BE/ME
,Food ,Beer ,Smoke,Hlth ,Other
1926,   0.56,   1.55,   0.46, -99.99,   0.98

Copyright 2024 Kenneth R. French
`;

const REGIONAL = `This file was created using the 202412 Bloomberg database.
Missing data are indicated by -99.99.

,Mkt-RF,SMB,HML,RMW,CMA,RF
199007    ,0.79  ,0.07  ,-0.25 ,0.21  ,0.09  ,0.68
199008    ,-10.76,-1.57 ,0.57  ,-0.2  ,-0.64 ,0.66

 Annual Factors: January-December
,Mkt-RF,SMB,HML,RMW,CMA,RF
  1991    ,10.5  ,-1.1  ,2.2  ,3.3   ,4.4   ,5.6
`;

const MOMENTUM = `This file was created by CMPT_ME_PRIOR_RETS using the 202412 CRSP database.  It contains a momentum
factor, constructed from six value-weight portfolios formed using independent sorts on size and
prior return of NYSE, AMEX, and NASDAQ stocks. \t\t\t\t\t
\t\t\t\t
Missing data are indicated by -99.99 or -999.\t\t

,Mom
192701,   0.57
192702,  -1.50

Annual Factors:,
,Mom
1927,  23.55

Copyright 2024 Eugene F. Fama and Kenneth R. French
`;

const DAILY = `This file was created by CMPT_ME_BEME_RETS_DAILY using the 202412 CRSP database.

  Average Value Weighted Returns -- Daily
,SMALL LoBM,ME1 BM2,SMALL HiBM,BIG LoBM,ME2 BM2,BIG HiBM
19260701,    0.14,   -0.20,   -0.27,    0.15,    0.07,   -0.23
19260702,    0.36,    0.12,   -0.13,    0.44,    0.08,    1.06
20240229,    0.36,    0.12,   -0.13,    0.44,    0.08,    1.06


  Average Equal Weighted Returns -- Daily
,SMALL LoBM,ME1 BM2,SMALL HiBM,BIG LoBM,ME2 BM2,BIG HiBM
19260701,   -0.02,    0.13,    0.05,    0.22,    0.11,   -0.10
20230229,   -0.02,    0.13,    0.05,    0.22,    0.11,   -0.10
`;

const TWENTY_FIVE = `This file was created by CMPT_ME_BEME_RETS using the 202412 CRSP database.

  Average Value Weighted Returns -- Monthly
,SMALL LoBM,${[1, 2, 3, 4, 5].map((me) => [2, 3, 4, 5].map((bm) => `ME${me} BM${bm}`)).join(',')},ME2 BM1,ME3 BM1,ME4 BM1,BIG LoBM
192607,${Array.from({ length: 25 }, (_, at) => `  ${(at / 7 - 1).toFixed(4)}`).join(',')}
192608,${Array.from({ length: 25 }, (_, at) => (at % 5 ? `  ${(at / 3).toFixed(4)}` : ' -99.9900')).join(',')}
`;

const families = [
  {
    name: 'industries',
    text: INDUSTRIES,
    metrics: [
      'value_weighted_return',
      'equal_weighted_return_annual',
      'num_firms',
      'average_firm_size',
      'sum_be_sum_me',
      'value_weighted_average_beme',
    ],
    dates: [2, 1, 1, 1, 1, 1],
    portfolios: ['food', 'beer', 'smoke', 'hlth', 'other'],
    nulls: 5,
  },
  {
    name: 'regional factors with padded dates',
    text: REGIONAL,
    metrics: ['metric_1', 'annual_factors_january_december'],
    dates: [2, 1],
    portfolios: ['mkt_rf', 'smb', 'hml', 'rmw', 'cma', 'rf'],
    nulls: 0,
  },
  {
    name: 'momentum with tabs in its preamble',
    text: MOMENTUM,
    metrics: ['metric_1', 'annual_factors'],
    dates: [2, 1],
    portfolios: ['mom'],
    nulls: 0,
  },
  {
    name: 'daily, of which one day does not exist',
    text: DAILY,
    metrics: ['value_weighted_return_daily', 'equal_weighted_return_daily'],
    dates: [3, 1],
    portfolios: ['small_lobm', 'me1_bm2', 'small_hibm', 'big_lobm', 'me2_bm2', 'big_hibm'],
    nulls: 0,
    rejects: ['date_invalid'],
  },
  {
    name: '25 portfolios',
    text: TWENTY_FIVE,
    metrics: ['value_weighted_return'],
    dates: [2],
    portfolios: null,
    nulls: 5,
  },
];

it.each(
  families.flatMap((family) => [
    { ...family, ends: 'LF' },
    { ...family, ends: 'CRLF', text: family.text.replaceAll('\n', '\r\n') },
  ]),
)('the family of $name is read whole, with $ends', (family) => {
  const { blocks, warnings, rejects } = parseBlocks(family.text);
  expect(metricNames(blocks.map(({ title }) => title)).names).toEqual(family.metrics);
  expect(blocks.map(({ dates }) => dates.length)).toEqual(family.dates);
  const values = blocks.flatMap(({ columns }) => columns.flat());
  expect(values.filter((value) => value === null)).toHaveLength(family.nulls);
  expect(blocks.flatMap((block) => block.rejects.map(({ rule }) => rule))).toEqual(
    family.rejects ?? [],
  );
  for (const { portfolios } of blocks) {
    expect(new Set(portfolios).size).toBe(portfolios.length);
    expect(portfolios).toEqual(family.portfolios ?? portfolios);
  }
  expect([warnings, rejects]).toEqual([[], []]);
});

it('25 portfolios have 25 columns of their own', () => {
  expect(parseBlocks(TWENTY_FIVE).blocks[0]?.portfolios).toHaveLength(25);
});
