import { gzipSync } from 'node:zlib';

/** Rows of the sample's larger file. */
const ORDERS = 2_000;
const CITIES = ['Lisboa', 'Köln', '"Portland, OR"', 'Zürich', 'Osaka'] as const;

/**
 * The sample of csv-intake: files by their path below `uploads/`, with what real uploads have wrong. The same seed gives
 * the same bytes.
 */
export function makeUploads(seed: number): Map<string, Uint8Array> {
  const random = seeded(seed);
  const orders = orderRows(random);
  return new Map<string, Uint8Array>([
    ['employees.csv', Buffer.from(employees())],
    ['orders.csv', Buffer.from(`${orders.join('\n')}\n`)],
    ['archive/orders.csv.gz', gzipSync(`${orders.slice(0, 500).join('\n')}\n`)],
    ['export-latin1.csv', Buffer.from(bikes(random), 'latin1')],
    ['account-numbers.csv', Buffer.from(accounts(random))],
    ['broken.csv', Buffer.from('id,comment\r\n1,fine\r\n2,"never closed\r\n3,lost\r\n')],
  ]);
}

/** Ten rows with a bad age, a bad date and a blank salary (requirements 5.5). */
function employees(): string {
  return [
    'name,age,salary,join_date,department',
    'Ana,34,72000,2020-03-15,Sales',
    'Ben,29,65000,2019-07-01,Support',
    'Cleo,invalid,80000.5,2021-01-10,Engineering',
    'Dmitri,45,85000.75,2018-11-30,Engineering',
    'Eve,38,,2020-09-21,Marketing',
    'Farid,51,77000,invalid_date,Sales',
    'Gita,27,68500,2022-02-14,Support',
    'Hugo,33,74000,2021-06-18,Finance',
    'Ines,41,79999.25,2017-05-05,Finance',
    'Jun,36,72500,2020-12-01,Marketing',
    '',
  ].join('\n');
}

function orderRows(random: () => number): string[] {
  const rows = ['order_id,customer,city,ordered_on,quantity,price'];
  for (let id = 1; id <= ORDERS; id += 1) {
    const day = String(1 + Math.floor(random() * 28)).padStart(2, '0');
    const month = String(1 + Math.floor(random() * 12)).padStart(2, '0');
    const quantity = random() < 0.01 ? 'n/a' : String(1 + Math.floor(random() ** 3 * 40));
    const price = random() < 0.02 ? '' : (random() * 300).toFixed(2);
    const city = CITIES[Math.floor(random() * CITIES.length)] ?? '';
    rows.push([id, `Customer ${id % 97}`, city, `${day}/${month}/2026`, quantity, price].join(','));
  }
  return rows;
}

/** Semicolons, CRLF, Latin-1, decimal commas, and rows that end one field early. */
function bikes(random: () => number): string {
  const rows = Array.from({ length: 60 }, (_, at) => {
    const day = String(1 + (at % 28)).padStart(2, '0');
    const row = `${day}/0${1 + Math.floor(at / 28)}/2026;Maisonneuve;${Math.floor(random() * 900)};${(random() * 9).toFixed(1).replace('.', ',')}`;
    return at % 20 === 7 ? row : `${row};beau temps, été`;
  });
  return ['Jour;Côte;Vélos;Température;Météo', ...rows, ''].join('\r\n');
}

/** Codes with zeros before them, and whole numbers that a double cannot hold. */
function accounts(random: () => number): string {
  const rows = Array.from({ length: 40 }, (_, at) => {
    const code = String(Math.floor(random() * 99_999)).padStart(5, '0');
    return `${code},${9_007_199_254_740_993n + BigInt(at)}`;
  });
  return ['zip,account', ...rows, ''].join('\n');
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
