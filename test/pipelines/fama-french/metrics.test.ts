import { describe, expect, it } from 'vitest';
import {
  metricName,
  metricNames,
  unitOf,
} from '../../../services/pipelines/fama-french/metrics.ts';

const FORMED = 'For portfolios formed in June of year t';

describe('the metric of a title', () => {
  it.each([
    ['Average Value Weighted Returns -- Monthly', 'value_weighted_return', 'percent'],
    ['Average Value Weighted Returns -- Annual', 'value_weighted_return_annual', 'percent'],
    ['Average Value Weighted Returns -- Daily', 'value_weighted_return_daily', 'percent'],
    ['Value Weighted Returns -- Monthly', 'value_weighted_return', 'percent'],
    ['Average Equal Weighted Returns -- Monthly', 'equal_weighted_return', 'percent'],
    [
      'Average Equal Weighted Returns -- Annual from January to December',
      'equal_weighted_return_annual',
      'percent',
    ],
    ['Number of Firms in Portfolios', 'num_firms', 'count'],
    ['Average Market Cap', 'average_market_cap', 'usd_millions'],
    ['Average Firm Size', 'average_firm_size', 'usd_millions'],
    [
      `${FORMED} Value Weight Average of BE/ME adjusted for net stock issuance to Dec t-1`,
      'net_stock_issuance_dec',
      'ratio',
    ],
    [
      `${FORMED} Value Weight Average of BE_FYt-1 adjusted for net stock issuance to Jun t`,
      'net_stock_issuance_jun',
      'ratio',
    ],
    [
      `${FORMED} Value Weight Average of OP Calculated as: Sum[ME(Mth)`,
      'value_weight_average_op',
      'ratio',
    ],
    [
      `${FORMED} Value Weight Average of investment (rate of growth of assets)`,
      'value_weight_average_investment',
      'ratio',
    ],
    ['Sum of BE / Sum of ME', 'sum_be_sum_me', 'ratio'],
    ['Value-Weighted Average of BE/ME', 'value_weighted_average_beme', 'ratio'],
    ['Annual Factors: January-December', 'annual_factors_january_december', 'percent'],
    ['The Number of a Thing', 'number_thing', 'unknown'],
    ['R\u00E9sum\u00E9 \u2014 50 %', 'resume_50', 'unknown'],
    ['../../etc/passwd', 'etcpasswd', 'unknown'],
  ])('%j is %s in %s', (title, metric, unit) => {
    expect(metricName(title, 1)).toBe(metric);
    expect(unitOf(metric)).toBe(unit);
  });

  it.each(['', '   ', 'of the', '\u2014\u2014', '\u6536\u76CA'])('%j is numbered', (title) => {
    expect(metricName(title, 3)).toBe('metric_3');
    expect(unitOf('metric_3')).toBe('unknown');
  });

  it('of another frequency is no monthly metric', () => {
    expect(metricName('Average Value Weighted Returns -- Weekly', 1)).not.toBe(
      'value_weighted_return',
    );
  });

  it('is never too long for a file name, and never cut inside a word', () => {
    const name = metricName('alpha beta gamma delta '.repeat(20), 1);
    expect(name.length).toBeLessThanOrEqual(96);
    expect(name.split('_').every((word) => /^(?:alpha|beta|gamma|delta)$/.test(word))).toBe(true);
    expect(metricName('x'.repeat(500), 4)).toBe('metric_4');
  });
});

describe('the metrics of a file', () => {
  it('are each there once, and the doubles are told', () => {
    const titles = ['Average Market Cap', '', 'Average Market Cap', 'average market cap', ''];
    expect(metricNames(titles)).toEqual({
      names: [
        'average_market_cap',
        'metric_2',
        'average_market_cap_2',
        'average_market_cap_3',
        'metric_5',
      ],
      clashes: ['average_market_cap', 'average_market_cap'],
    });
  });

  it('do not take a name that another title has by itself', () => {
    expect(metricNames(['Size', 'Size', 'Size 2']).names).toEqual(['size', 'size_3', 'size_2']);
  });
});
