import { makeCommerceSample } from '../../services/sample/commerce.ts';

const OPTIONS = { products: 120, customers: 60, lastDay: '2026-01-31', days: 4 };

/** Four days of a shop with every flaw of the sample, and beside them what the sample has not. */
export const FILES: ReadonlyMap<string, Uint8Array> = new Map([
  ...makeCommerceSample({ ...OPTIONS, seed: 3, transactions: 3000, events: 3000, reviews: 800 }),
  ...oddFiles(),
]);

/** Days of six weeks before that come after the others: of ids and sessions that those have too. */
export const LATE_FILES: ReadonlyMap<string, Uint8Array> = makeCommerceSample({
  ...OPTIONS,
  seed: 4,
  lastDay: '2025-12-20',
  days: 2,
  transactions: 400,
  events: 300,
  reviews: 90,
});

function oddFiles(): [key: string, bytes: Uint8Array][] {
  const products = [
    {
      price: 12.345,
      stock: '12.0',
      weight_kg: 1000,
      rating: 7,
      review_count: 1.5,
      is_active: 'yes',
    },
    { price: '0.005', stock: 0, weight_kg: 0.125, rating: 4.25, review_count: '12', is_active: 0 },
    { price: '1e3', stock: 1 },
    { price: 5, stock: 2.5 },
    { price: 5, stock: null },
    { price: 5, stock: 3, name: ' ' },
    { price: 5, stock: 3, category: null },
    { price: 5, stock: 3, brand: '' },
    { price: 5, stock: 3, product_id: '' },
    { price: -5, stock: 3 },
    { price: 19.99, stock: 19, category: 'Unheard of' },
    { price: 19.99, stock: 20, category: 'Unheard of' },
    { price: 9.99, stock: 200, category: 'Unheard of' },
  ].map((one, at) =>
    JSON.stringify({
      product_id: `odd_${at}`,
      name: `Odd ${at}`,
      category: 'Books',
      brand: 'B',
      ...one,
    }),
  );
  const reviews = [
    'odd_1,prod_000001,cust_000001,5.0,"a\nb, ""c""",2026-01-30 10:00:00,yes,',
    'odd_2,prod_000001,cust_000001,0,,2026-01-30,True,1',
    'odd_3,prod_000001,cust_000001,4,,2026-01-31,True,1',
    'odd_4,prod_000001,cust_000001,4,"mail a.b@example.org now",2026-01-29,,7',
    'odd_5,,cust_000001,4,,2026-01-29,True,1',
    ',prod_000001,cust_000001,4,,2026-01-29,True,1',
    'odd_6,prod_000001,cust_000001,4,,soon,True,1',
    'odd_7,prod_000001,cust_000001,4,,2026-01-29,True,2.5',
    'odd_1,prod_000002,cust_000002,1,again,2026-01-29,False,1',
  ];
  const sales = [
    'odd_1,c,prod_000001,900000,999.99,,2026-01-30,completed',
    'odd_2,c,prod_000001,2.00,10.005,20.00, 2026-01-30T09:00:00.123Z ,',
    'odd_3,c,prod_000001,1,10.00,10.01,2026-01-30 17:59:59,completed',
    'odd_4,c,prod_000001,1,10.00,10.02,2026-01-30 00:00:00,completed',
    'odd_5,c,prod_000001,1,10.00,1e9,2026-01-30 24:00:00,completed',
    'odd_6,c,prod_000001,1,1e1,10.00,2026-01-30,completed',
    'odd_7,c,prod_000001,1,50.00,50.00,2026-01-30,completed',
    'odd_8,c,prod_000001,1,100.00,NaN,2026-01-30,returned',
  ];
  const clicks = [
    { session_id: null, customer_id: null, ip_address: null, user_agent: null },
    { device: 'fridge' },
    { device: null, browser: null },
    { timestamp: '2026-01-31T00:00:00Z' },
    { timestamp: '2026-01-30' },
    { session_id: null, customer_id: ' cust_000001 ' },
    { event_type: ' SEARCH ', page: '/search#top' },
  ].map((one) =>
    JSON.stringify({
      session_id: 'odd',
      customer_id: 'cust_000002',
      event_type: 'page_view',
      page: '/',
      timestamp: '2026-01-30T12:00:00',
      device: 'mobile',
      browser: 'Edge',
      ...one,
    }),
  );
  const sold =
    'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status';
  const header =
    'review_id,product_id,customer_id,rating,review_text,review_date,verified_purchase,helpful_votes';
  return [
    ['raw/transactions/date=2026-01-30/odd.csv', Buffer.from(`${[sold, ...sales].join('\n')}\n`)],
    ['raw/clickstream/date=2026-01-30/odd.json', Buffer.from(`${clicks.join('\n')}\n`)],
    ['raw/products/date=2026-01-30/odd.jsonl', Buffer.from(`${products.join('\n')}\n\n`)],
    ['raw/reviews/date=2026-01-30/odd.csv', Buffer.from(`${[header, ...reviews].join('\n')}\n`)],
  ];
}
