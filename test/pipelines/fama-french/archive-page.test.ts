import { describe, expect, it } from 'vitest';
import { readArchivePage } from '../../../services/pipelines/fama-french/archive-page.ts';

const PAGE = 'https://host.example/pages/Data_Library/archive.html';

const read = (html: string, pageUrl = PAGE) => readArchivePage(html, pageUrl, 2017);
const urls = async (html: string, pageUrl = PAGE) =>
  (await read(html, pageUrl)).links.map(({ url }) => url);

describe('a link is taken', () => {
  it.each([
    ['relative', 'ftp/x_201707.zip', 'https://host.example/pages/Data_Library/ftp/x_201707.zip'],
    ['from the root', '/ftp/x_201707.zip', 'https://host.example/ftp/x_201707.zip'],
    ['upwards', '../x_201707.zip', 'https://host.example/pages/x_201707.zip'],
    ['absolute', 'http://other.example/x_201707.zip', 'http://other.example/x_201707.zip'],
    ['without a scheme', '//other.example/x_201707.zip', 'https://other.example/x_201707.zip'],
    ['with spaces', 'x y 201801.ZIP', 'https://host.example/pages/Data_Library/x%20y%20201801.ZIP'],
    ['encoded', 'x%20201801.zip', 'https://host.example/pages/Data_Library/x%20201801.zip'],
    ['with entities', '/a.zip?a=1&amp;b=2017', null],
    ['with a query', '/x_201707.zip?a=1&amp;b=2', 'https://host.example/x_201707.zip?a=1&b=2'],
    ['with a fragment', '/x_201707.zip#top', 'https://host.example/x_201707.zip'],
    ['between blanks', ' \n/x_201707.zip ', 'https://host.example/x_201707.zip'],
  ])('%s', async (_name, href, url) => {
    expect(await urls(`<a href="${href}">CSV</a>`)).toEqual(url === null ? [] : [url]);
  });

  it.each([
    'CSV',
    'csv',
    ' CSV\n',
    '<font size="2">CSV</font>',
    'CSV (July 2017)',
    '2017-07 Csv',
    '[CSV]',
    'CSV&nbsp;Jul 2017',
  ])('when its label is %j', async (label) => {
    const { links } = await read(`text <a href="x_201707.zip">${label}</a> text`);
    expect(links).toMatchObject([{ year: 2017, month: 7 }]);
  });

  it('with the month of its label when its URL has none', async () => {
    const { links } = await read(
      '<a href="x_2018.zip">CSV (January)</a><a href="y_2019.zip">CSV</a>',
    );
    expect(links.map(({ year, month }) => [year, month])).toEqual([
      [2018, 1],
      [2019, null],
    ]);
  });

  it('from the base that the page names', async () => {
    const html = '<head><base href="/mirror/"></head><a href="x_201707.zip">CSV</a>';
    expect(await urls(html)).toEqual(['https://host.example/mirror/x_201707.zip']);
  });

  it('from a folder when the page is in one', async () => {
    expect(await urls('<a href="ftp/x_201707.zip">CSV</a>', 'file:///m/archive.html')).toEqual([
      'file:///m/ftp/x_201707.zip',
    ]);
  });

  it('in upper case, without quotes, and when tags are left open', async () => {
    const html = "<TABLE><TR><TD><A HREF=x_201707.zip>CSV</A><TD><p><A HREF='y_201807.zip'>CSV</a>";
    expect(await urls(html)).toHaveLength(2);
  });
});

describe('a link is skipped', () => {
  it.each([
    ['<a href="x_201707.zip">TXT</a>', 'label is not CSV'],
    ['<a href="x_201707.zip">CSV codebook</a>', 'label is not CSV'],
    ['<a href="x_201707.zip">CSVs</a>', 'label is not CSV'],
    ['<a href="x_201707.zip"></a>', 'label is not CSV'],
    ['<a href="x_201707.csv">CSV</a>', 'not a ZIP'],
    ['<a href="x_201707.zip.html">CSV</a>', 'not a ZIP'],
    ['<a href="x.html?f=x_201707.zip">CSV</a>', 'not a ZIP'],
    ['<a href="#x_201707.zip">CSV</a>', 'not a ZIP'],
    ['<a href="all.zip">CSV</a>', 'no year'],
    ['<a href="x_201612.zip">CSV</a>', 'before the first year'],
    ['<a href="javascript:x_201707.zip">CSV</a>', 'invalid URL'],
    ['<a href="file:///etc/x_201707.zip">CSV</a>', 'invalid URL'],
    ['<a href="ftp://h/x_201707.zip">CSV</a>', 'invalid URL'],
    ['<a href="http://[/x_201707.zip">CSV</a>', 'invalid URL'],
    ['<a href>CSV</a>', 'no href'],
    ['<a href="">CSV</a>', 'no href'],
  ])('%s: %s', async (html, reason) => {
    const { links, skipped } = await read(html);
    expect(links).toEqual([]);
    expect(skipped.map((link) => link.reason)).toEqual([reason]);
  });

  it('the second time', async () => {
    const html = '<a href="x_201707.zip">CSV</a> <a href="./x_201707.zip#again">CSV</a>';
    const { links, skipped } = await read(html);
    expect(links).toHaveLength(1);
    expect(skipped).toEqual([{ href: './x_201707.zip#again', reason: 'duplicate' }]);
  });

  it('in a comment, and an anchor without href is no link', async () => {
    const html = '<!-- <a href="x_201707.zip">CSV</a> --><a name="top">CSV</a>';
    expect(await read(html)).toEqual({ links: [], skipped: [] });
  });
});

it.each([
  ['open tags', '<b>'.repeat(100_000)],
  ['open anchors', '<a href="x_201707.zip">CSV'.repeat(20_000)],
  ['open cells and anchors', '<td><a href="x">CSV'.repeat(20_000)],
  ['open comments', '<!--'.repeat(200_000)],
  ['tags that never begin', '</a>'.repeat(100_000)],
])(
  'a page made to be slow is read in time: %s',
  async (_name, html) => {
    const { links } = await read(html);
    expect(links.length).toBeLessThan(2);
  },
  5_000,
);

it('an anchor left open ends where the next one begins', async () => {
  const { links, skipped } = await read(
    '<a href="x_201707.zip">CSV<a href="x_201707t.zip">TXT</a>',
  );
  expect(links.map(({ label }) => label)).toEqual(['CSV']);
  expect(skipped.map(({ reason }) => reason)).toEqual(['label is not CSV']);
});

it.each(['', 'no markup', '<', '<a href="x_201707.zip">CSV', '{"json": true}'])(
  'a page that is no page is read without an error: %j',
  async (html) => {
    await expect(read(html)).resolves.toBeDefined();
  },
);
