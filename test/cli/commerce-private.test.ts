import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { makeCommerceSample } from '../../services/sample/commerce.ts';
import { cli } from '../support/cli.ts';
import { TABLES } from '../support/commerce-curated.ts';
import { describeLong } from '../support/require-component.ts';
import { tempFolder } from '../support/temp-folder.ts';

const DAY = '2026-01-31';
/** Strings that are nowhere else, in every feed, in good rows, in rejected ones and in files that are refused. */
const PLANTED = [
  'cust_PLANTED',
  'sess_PLANTED',
  'agent-PLANTED',
  '198.51.100.77',
  'planted@example.com',
  '+49 170 7654321',
  'extra_PLANTED',
];
const [CUSTOMER, SESSION, AGENT, ADDRESS, MAIL, PHONE, EXTRA] = PLANTED as [string, ...string[]];
const SALE = `${DAY} 10:00:00,completed,${EXTRA} ${MAIL}`;
const CLICK = {
  session_id: SESSION,
  customer_id: CUSTOMER,
  event_type: 'page_view',
  page: `/?mail=${MAIL}`,
  timestamp: `${DAY}T10:00:00`,
  device: 'mobile',
  ip_address: ADDRESS,
  user_agent: AGENT,
  contact: EXTRA,
};
const PRODUCT = { product_id: 'prod_p', name: 'P', category: 'Books', brand: 'B', stock: 1 };
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');
const FILES: Readonly<Record<string, string>> = {
  'transactions/p.csv': `transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status,email
p1,${CUSTOMER},prod_000001,1,5.00,5.00,${SALE}
p2,${CUSTOMER},prod_000001,0,5.00,5.00,${SALE}
p1,${CUSTOMER},prod_000001,1,5.00,5.00,${SALE}
`,
  'transactions/refused.csv': `customer_id,email\n${CUSTOMER},${MAIL}\n`,
  'products/p.json': lines(
    [5, -5].map((price) => ({ ...PRODUCT, price, mail: `${EXTRA} ${MAIL}` })),
  ),
  'clickstream/p.json': lines([
    CLICK,
    { ...CLICK, session_id: null },
    { ...CLICK, event_type: 'x' },
    { ...CLICK, timestamp: 'x' },
  ]),
  'clickstream/refused.json': `{"session_id":"${SESSION}","customer_id":"${CUSTOMER}"}\n`,
  'reviews/p.csv': `review_id,product_id,customer_id,rating,review_text,review_date
r1,prod_000001,${CUSTOMER},5,"write ${MAIL} or ${PHONE} from ${ADDRESS}",${DAY}
r2,prod_000001,${CUSTOMER},9,"write ${MAIL}",${DAY}
`,
};

async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.flatMap((one) => (one.isFile() ? [join(one.parentPath, one.name)] : []));
}

describeLong('personal data that was planted in every feed', () => {
  it('is in no table, reject, report, record, metric, log or text on the terminal', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    const store = filesystemStore({
      folder: join(cwd, '.argosy/store'),
      bucket: 'argosy-commerce',
    });
    const shop = { transactions: 200, products: 120, events: 100, reviews: 30, customers: 20 };
    for (const [key, bytes] of makeCommerceSample({ ...shop, seed: 4, lastDay: DAY, days: 1 }))
      await store.put(key, bytes);
    for (const [name, text] of Object.entries(FILES)) {
      const [feed, file] = name.split('/');
      await store.put(`raw/${feed}/date=${DAY}/${file}`, Buffer.from(text));
    }
    const said: string[] = [];
    const argosy = async (...argv: string[]): Promise<number> => {
      const end = await cli(argv, { cwd, env: { ARGOSY_LOG_LEVEL: 'debug' } });
      said.push(end.stdout, end.stderr);
      return end.exitCode;
    };
    // Two files are refused, so the run fails in the end, with all others shown.
    expect(await argosy('run', 'commerce', '-p', `logical-date=${DAY}`)).toBe(20);
    expect(await argosy('run', 'commerce', '-p', 'dashboard=true')).toBe(0);
    expect(await argosy('report', 'commerce', '--logical-date', DAY)).toBe(0);
    for (const argv of [['status', 'commerce'], ['tables'], ['query', '--named', 'customer_ltv']])
      expect(await argosy(...argv)).toBe(0);
    for (const table of TABLES)
      expect(await argosy('query', '--csv', `SELECT * FROM curated.${table}`)).toBe(0);
    const found: string[] = [];
    const look = (place: string, text: string): void => {
      for (const one of PLANTED) if (text.includes(one)) found.push(`${place}: ${one}`);
    };
    for (const [at, text] of said.entries()) look(`said ${at}`, text);
    const paths = await filesBelow(cwd);
    for (const path of paths) {
      if (/argosy-commerce\/(?:raw|processed)\//.test(path)) continue;
      look(path.slice(cwd.length), await readFile(path, 'latin1'));
    }
    expect(found).toEqual([]);
    for (const place of ['/quarantine/', '/_records/', '/logs/', '/reports/dashboard/'])
      expect(paths.some((path) => path.includes(place))).toBe(true);
    expect(said.join('')).toContain('2 files were refused');
    // The run that makes the tables again fails for a file that is refused still; the customer is gone all the same.
    const end = await cli(['forget', '--customer', CUSTOMER, '--yes'], { cwd });
    expect([end.exitCode, end.stdout]).toEqual([0, expect.stringContaining('removed from all')]);
    expect(end.stderr).toContain('transactions/date=2026-01-31/refused.csv');
    expect((await cli(['forget', '--customer', CUSTOMER], { cwd })).stdout).toContain('nothing to');
  }, 120_000);
});
