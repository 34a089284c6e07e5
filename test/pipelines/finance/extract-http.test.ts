import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { secret } from '../../../services/core/secret.ts';
import { commitWatermarks } from '../../../services/pipelines/finance/extract/watermark.ts';
import {
  customersCsv,
  DAY,
  type ExtractBench,
  extractBench,
  type ExtractBenchOptions,
  TRANSACTION,
  TRANSACTIONS_HEADER,
} from '../../support/extract-bench.ts';
import { type Handler, type LoopbackServer, serveHandler } from '../../support/http-server.ts';
import { raw, status } from '../../support/source-bench.ts';

const servers: LoopbackServer[] = [];
const open: ExtractBench[] = [];
afterEach(async () => {
  for (const bench of open.splice(0)) await bench[Symbol.asyncDispose]();
  for (const server of servers.splice(0)) await server.close();
});

const CANARY = 'Bearer c4n4ry-t0ken';

interface ApiBench {
  bench: ExtractBench;
  server: LoopbackServer;
  /** Extracts the transactions of the server, the customers from a file. */
  run: (path?: string, parameters?: Record<string, string>) => Promise<Record<string, string>>;
  landed: () => Promise<string>;
}

async function api(handler: Handler, options: ExtractBenchOptions = {}): Promise<ApiBench> {
  const server = await serveHandler(handler);
  servers.push(server);
  const bench = await extractBench({
    authorization: secret(CANARY),
    ...options,
    http: { allowedHosts: [server.host], silenceTimeoutMs: 60, ...options.http },
  });
  open.push(bench);
  await bench.put('inbox/customers/a.csv', customersCsv());
  return {
    bench,
    server,
    run: async (path = '/transactions', parameters = {}) =>
      (await bench.run({ transactions: server.url + path, ...parameters })).outputs,
    landed: async () => bench.text((await bench.manifest())?.sources[0]?.key ?? ''),
  };
}

const COLUMNS = TRANSACTIONS_HEADER.split(',');

function rowOf(id: number): Record<string, unknown> {
  const values = TRANSACTION.split(',');
  const row = Object.fromEntries(COLUMNS.map((name, at) => [name, values[at]]));
  return { ...row, transaction_id: `TXN${String(id).padStart(8, '0')}`, amount: 54.5 };
}

const rows = (from: number, count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, at) => rowOf(from + at));

const json = (value: unknown): Handler => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(text);
};

/** Rows 1 to `count`, a page at a time; `more` says how each page leads on. */
function paged(
  count: number,
  more: (
    page: { number: number; size: number; isLast: boolean },
    response: ServerResponse,
  ) => object,
): Handler {
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const number = Number(url.searchParams.get('page') ?? url.searchParams.get('cursor') ?? '1');
    const size = Number(url.searchParams.get('page_size') ?? '4');
    const start = (number - 1) * size;
    const data = rows(start + 1, Math.max(0, Math.min(size, count - start)));
    const extra = more({ number, size, isLast: start + size >= count }, response);
    response.end(JSON.stringify(Array.isArray(extra) ? data : { data, ...extra }));
  };
}

const CONVENTIONS: [string, Handler, number][] = [
  ['total', paged(10, () => ({ total: 10 })), 3],
  [
    'next in full',
    paged(10, (page) => ({ next: page.isLast ? null : `?page=${page.number + 1}&page_size=4` })),
    3,
  ],
  ['next as a number', paged(10, (page) => ({ next: page.isLast ? null : page.number + 1 })), 3],
  [
    'links.next.href',
    paged(10, (page) => ({
      links: page.isLast
        ? {}
        : { next: { href: `/transactions?page_size=4&page=${page.number + 1}` } },
    })),
    3,
  ],
  [
    'next_cursor',
    (request, response) => {
      const cursor = Number(
        new URL(request.url ?? '', 'http://x').searchParams.get('cursor') ?? '0',
      );
      const next = cursor < 2 ? String(cursor + 1) : null;
      response.end(
        JSON.stringify({ data: rows(cursor * 4 + 1, cursor < 2 ? 4 : 2), next_cursor: next }),
      );
    },
    3,
  ],
  ['has_more', paged(8, (page) => ({ has_more: !page.isLast })), 2],
  [
    'the header Link',
    paged(10, (page, response) => {
      if (!page.isLast) {
        const next = `/transactions?page_size=4&page=${page.number + 1}`;
        response.setHeader('link', `</transactions?page=1>; rel="first", <${next}>; rel="next"`);
      }
      return [];
    }),
    3,
  ],
  [
    'X-Total-Count',
    paged(8, (_page, response) => {
      response.setHeader('x-total-count', '8');
      return [];
    }),
    2,
  ],
  ['full pages', paged(10, () => []), 3],
  ['full pages, the last one full too', paged(8, () => []), 3],
  ['no pages at all', json(rows(1, 10)), 1],
  ['no pages, as many rows as were asked for', json(rows(1, 4)), 2],
];

describe('the pages of an API', () => {
  it.each(CONVENTIONS)('told by %s are all read, each once', async (_, handler, requests) => {
    const { bench, run, server, landed } = await api(handler);
    const outputs = await run('/transactions', { 'page-size': '4' });
    const ids = (await landed())
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0]);
    const total = (await bench.manifest())?.sources[0];
    expect(ids).toEqual(rows(1, ids.length).map((row) => row['transaction_id']));
    expect(outputs['transactions']).toBe(String(ids.length));
    expect(total?.rows).toBe(ids.length);
    expect([4, 8, 10]).toContain(ids.length);
    expect(server.requests).toHaveLength(requests);
  });

  it('the sizes of pages are asked for as the address says, or not at all', async () => {
    const { run, server } = await api(json(rows(1, 2)));
    await run('/t', { 'page-size': '0' });
    await run('/t?page_size=7&x=%2C');
    expect(server.requests).toEqual(['GET /t', 'GET /t?page_size=7&x=%2C']);
  });

  it('the total of the source is kept for reconciliation', async () => {
    const { bench, run } = await api(json({ data: rows(1, 3), total: 3 }));
    await run();
    expect((await bench.manifest())?.sources[0]).toMatchObject({ rows: 3, reportedTotal: 3 });
  });
});

describe('the values of an API', () => {
  it('arrive as they were written: numbers, null, empty and odd texts', async () => {
    const text = JSON.stringify([
      { ...rowOf(1), merchant_id: null, category: '', status: 'a,"b"\nc' },
    ])
      .replace('54.5', '12345678901234567.10')
      .replace('"CUST000042"', '9007199254740993')
      .replace('"credit_card"', 'true');
    const { run, landed } = await api(json(text));
    await run();
    expect(await landed()).toBe(
      `${TRANSACTIONS_HEADER}\n` +
        'TXN00000001,9007199254740993,2026-11-19 14:30:00,12345678901234567.10,,"","a,""b""\nc",true\n',
    );
  });

  it('a field that only some rows have is null in the others, and one more column', async () => {
    const { category: _, ...first } = rowOf(1);
    const { run, landed } = await api(
      json([
        { ...first, __proto__x: 1 },
        { ...rowOf(2), note: 'n' },
      ]),
    );
    await run();
    const [header, one, two] = (await landed()).split('\n');
    expect(header).toBe(`${TRANSACTIONS_HEADER},__proto__x,note`);
    expect(one).toContain('MERCH0001,,completed');
    expect(two?.endsWith(',credit_card,,n')).toBe(true);
  });

  it('a byte order mark and a named charset are no obstacle', async () => {
    const { run, landed } = await api((request, response) => {
      const isBom = request.url?.startsWith('/bom');
      const text = JSON.stringify([{ ...rowOf(1), category: 'caf\u00e9' }]);
      const type = isBom ? 'application/json' : 'application/json; charset=ISO-8859-1';
      response.writeHead(200, { 'content-type': type });
      response.end(isBom ? `\ufeff${text}` : Buffer.from(text, 'latin1'));
    });
    await run('/bom');
    expect(await landed()).toContain('caf\u00e9');
    await run('/latin1');
    expect(await landed()).toContain('caf\u00e9');
  });
});

const oddPage = (more: object): Handler => json({ data: rows(1, 2), ...more });
const replaced = (from: string, to: string): Handler =>
  json(JSON.stringify(rows(1, 2)).replace(from, to));
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';

/** Each way of failing (design F9, I6), the kind that it is, and a word of what is said. */
const FAILURES: [string, Handler, string, string][] = [
  ['500', status(500), 'unavailable', 'answered 500'],
  ['503', status(503), 'unavailable', 'answered 503'],
  ['429', status(429), 'throttled', 'answered 429'],
  ['429 for an hour', status(429, { 'retry-after': '3600' }), 'throttled', 'answered 429'],
  ['401', status(401), 'denied', 'answered 401'],
  ['403', status(403), 'denied', 'answered 403'],
  ['404', status(404), 'not-found', 'answered 404'],
  ['400', status(400), 'config-invalid', 'answered 400'],
  ['silence', () => undefined, 'unavailable', 'silent'],
  ['a reset within the body', raw(`${HEAD}[{"a"`), 'unavailable', 'could not be read'],
  [
    'a body cut short',
    (_request, response) => void response.socket?.end(`${HEAD}[`),
    'unavailable',
    'could not be read',
  ],
  ['a web page', json('<!doctype html><p>Log in'), 'input-invalid', 'web page'],
  ['JSON cut short', json('[{"a":1},{"a"'), 'input-invalid', 'no JSON'],
  ['an empty body', json(''), 'input-invalid', 'no JSON'],
  ['a text', json('"rows"'), 'input-invalid', 'no list'],
  ['an error in 200', json({ error: 'quota' }), 'input-invalid', 'but: error'],
  ['no rows', json([]), 'input-invalid', 'no source holds a row'],
  [
    'a total above the rows',
    oddPage({ total: 5, has_more: false }),
    'input-invalid',
    'says it has 5 rows, and gave 2',
  ],
  [
    'a total below the rows',
    oddPage({ total: 1 }),
    'input-invalid',
    'says it has 1 rows, and gave 2',
  ],
  [
    'pages that promise more for ever',
    paged(4, () => ({ has_more: true })),
    'input-invalid',
    'says that there is more',
  ],
  ['the same page for ever', oddPage({ total: 9 }), 'input-invalid', 'says it has 9 rows'],
  [
    'a circle of pages',
    oddPage({ next: '/transactions?page=1&page_size=1000' }),
    'input-invalid',
    'circle',
  ],
  [
    'a next page elsewhere',
    oddPage({ next: 'https://evil.example/x' }),
    'input-invalid',
    'another host',
  ],
  [
    'a next page with a password',
    oddPage({ next: 'http://a:b@127.0.0.1/' }),
    'input-invalid',
    'another host',
  ],
  [
    'a next page that is a script',
    oddPage({ next: 'javascript:1' }),
    'input-invalid',
    'another host',
  ],
  ['a nested value', json([{ ...rowOf(1), amount: { value: 1 } }]), 'input-invalid', 'nested'],
  [
    'depth',
    json(`[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`),
    'input-invalid',
    'nested',
  ],
  ['rows that are lists', json([[1, 2]]), 'input-invalid', 'row 1 of the page is no object'],
  [
    'a field twice',
    replaced('"amount":54.5', '"amount":54.5,"amount":1'),
    'input-invalid',
    'twice',
  ],
  ['__proto__ with rows in it', json('{"__proto__":{"data":[]}}'), 'input-invalid', 'no list'],
  ['a NUL', replaced('54.5', '"\\u0000"'), 'input-invalid', 'cannot be stored'],
  ['half a surrogate pair', replaced('54.5', '"\\ud800"'), 'input-invalid', 'cannot be stored'],
  ['a column missing', json([{ transaction_id: 'T1' }]), 'input-invalid', 'no row has customer_id'],
  [
    'a charset that it is not in',
    (_request, response) => {
      response.end(Buffer.from('[{"a":"caf\u00e9"}]', 'latin1'));
    },
    'input-invalid',
    'charset',
  ],
  [
    'a charset that nobody knows',
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=klingon' }).end('[]');
    },
    'input-invalid',
    'klingon',
  ],
  [
    '100 MB',
    (_request, response) => {
      response.writeHead(200, { 'content-length': String(100 * 2 ** 20) }).write('[');
    },
    'too-large',
    'sends more than',
  ],
  [
    'rows that come while it is read',
    paged(10, (page) => ({ total: 10 + page.number })),
    'unavailable',
    'changed while it was read',
  ],
  [
    'a value of megabytes',
    json([{ ...rowOf(1), category: 'x'.repeat(400_000) }]),
    'too-large',
    'row 1',
  ],
];

describe('an API that fails', () => {
  it.each(FAILURES)(
    'by %s ends as what it is, with nothing landed and no secret told',
    async (_, handler, kind, message) => {
      const { bench, run } = await api(handler);
      const said = await run('/transactions?apikey=c4n4ry').catch((error: unknown) => error);
      expect(said).toMatchObject({ kind, message: expect.stringContaining(message) });
      expect(await bench.keys('extracted/')).toEqual([]);
      const told = String(said) + JSON.stringify([said, bench.logged]);
      expect(told).not.toContain('c4n4ry');
    },
  );

  it('on a later page leaves nothing either', async () => {
    const { bench, run } = await api((request, response) => {
      const isFirst = request.url?.includes('page=1&') ?? false;
      if (!isFirst && request.url?.includes('page=2')) return void response.writeHead(500).end();
      return void response.end(JSON.stringify({ data: rows(1, 2), total: 4 }));
    });
    await expect(run('/t?page=1&page_size=2')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await bench.keys('extracted/')).toEqual([]);
  });

  it('by 401 without a credential says where to put it', async () => {
    const { run } = await api(status(401), { authorization: undefined });
    await expect(run()).rejects.toMatchObject({
      kind: 'denied',
      hint: expect.stringContaining('set ARGOSY_SOURCE_AUTHORIZATION'),
    });
  });

  it('for a moment is asked again', async () => {
    let count = 0;
    const { run } = await api((_request, response) => {
      count += 1;
      if (count < 3) return void response.writeHead(count === 1 ? 429 : 503).end();
      return void response.end(JSON.stringify(rows(1, 2)));
    });
    expect((await run())['transactions']).toBe('2');
  });
});

describe('the credential of an API', () => {
  it('goes to the named host with every page, and nowhere else', async () => {
    const seen: (string | undefined)[] = [];
    const { bench, run } = await api((request, response) => {
      seen.push(request.headers.authorization);
      const isFirst = request.url?.includes('page=1') ?? false;
      response.end(JSON.stringify({ data: rows(isFirst ? 1 : 3, 2), total: 4 }));
    });
    await run('/t?page=1&page_size=2');
    expect(seen).toEqual([CANARY, CANARY]);
    const kept = await Promise.all((await bench.keys()).map((key) => bench.text(key)));
    expect(kept.join() + JSON.stringify(bench.logged)).not.toContain('c4n4ry');
  });

  it('is lost by a redirect to another host, kept by one to the same', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serveHandler((request, response) => {
      seen.push(request.headers.authorization);
      response.end(JSON.stringify(rows(1, 2)));
    });
    servers.push(other);
    const { run } = await api(
      (request, response) => {
        seen.push(request.headers.authorization);
        const location = request.url?.startsWith('/b') ? `${other.url}/c` : '/b';
        response.writeHead(302, { location }).end();
      },
      { http: {} },
    ).then(async (made) => {
      const bench = await extractBench({
        authorization: secret(CANARY),
        http: { allowedHosts: [made.server.host, other.host] },
      });
      open.push(bench);
      await bench.put('inbox/customers/a.csv', customersCsv());
      return { run: () => bench.run({ transactions: `${made.server.url}/a` }) };
    });
    await run();
    expect(seen).toEqual([CANARY, CANARY, undefined]);
  });

  it('that no header may hold is refused without being told', async () => {
    const { run, server } = await api(json(rows(1, 2)), {
      authorization: secret('c4n4ry\r\nX: y'),
    });
    const said = await run().catch((error: unknown) => error);
    expect(said).toMatchObject({ kind: 'config-invalid' });
    expect(String(said) + JSON.stringify(said)).not.toContain('c4n4ry');
    expect(server.requests).toEqual([]);
  });

  it('is not sent in the clear over a public network', async () => {
    const bench = await extractBench({
      authorization: secret(CANARY),
      http: {
        allowedHosts: ['api.example.com'],
        resolve: () => Promise.reject(new Error('asked')),
      },
    });
    open.push(bench);
    await expect(bench.run({ transactions: 'http://api.example.com/t' })).rejects.toMatchObject({
      kind: 'config-invalid',
      message: expect.stringContaining('in the clear'),
    });
  });
});

describe('an increment of an API', () => {
  it('asks for what is dated since the newest row that was loaded, and never for a future', async () => {
    const dated = (...dates: string[]): Record<string, unknown>[] =>
      dates.map((date, at) => ({ ...rowOf(at + 1), transaction_date: date }));
    const { bench, server } = await api(
      json(dated('2026-11-18 10:00:00', '2026-11-20T10:00:00+02:00', '9999-12-31', 'soon')),
    );
    const parameters = { transactions: `${server.url}/t`, 'page-size': '0', increment: 'true' };
    await bench.run(parameters);
    await bench.run(parameters);
    await commitWatermarks(bench.records, (await bench.manifest(DAY))!);
    await bench.run(parameters);
    await bench.run(parameters, { day: '2026-11-21' });
    expect(server.requests).toEqual([
      'GET /t',
      'GET /t',
      'GET /t',
      'GET /t?since=2026-11-20T10%3A00%3A00%2B02%3A00',
    ]);
  });
});
