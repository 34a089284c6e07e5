/** A stream of numbers in [0, 1) by seed. */
export function randomBySeed(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface RandomCsv {
  text: string;
  delimiter: string;
}

const NUMBERS = [
  '0',
  '-0',
  '+7',
  '42',
  '-13',
  '1000000',
  '007',
  '00',
  '-012',
  '9007199254740993',
  '-9007199254740993',
  '123456789012345',
  '1234567890123456',
  '98765432109876543210',
  '3.14',
  '-.5',
  '5.',
  '.',
  '1e3',
  '1E-3',
  '2.5e+10',
  '1e400',
  '-1e-400',
  '1e308',
  '0e999',
  'e5',
  '1e',
  '1.2.3',
  '1_000',
  '1,5',
  '0.1',
  '0.2',
  '0.30000000000000004',
  '123456789.123456789',
  '00.5',
  '--5',
  '+',
  '-',
  'NaN',
  'inf',
  'Infinity',
  '0x1F',
  '1e5e5',
];
const DATES = [
  '2024-01-31',
  '2024-02-29',
  '2023-02-29',
  '2024-13-01',
  '2024/12/31',
  '2024/02/30',
  '01/02/2024',
  '13/02/2024',
  '02/13/2024',
  '31/02/2024',
  '12/31/1999',
  '31/12/1999',
  '2024-1-5',
  '0000-01-01',
  '2024-01/31',
  '99999-01-01',
  '1/2/2024',
  '2024-01-31T00:00:00',
];
const TEXTS = [
  '',
  ' ',
  '\t',
  'abc',
  'é',
  '日本語',
  '😀',
  'a b',
  '"',
  "it's",
  'x'.repeat(70),
  'é'.repeat(40),
  'N/A',
  '\u00a0',
];
const AWKWARD = [
  '"',
  '""',
  '\n',
  '\r\n',
  '\r',
  'a"b',
  '"a',
  'a"',
  ',',
  ';',
  '\t',
  '|',
  ' x ',
  '\u0000',
];

/** A CSV of a few columns and rows with every kind of flaw now and then; the same seed gives the same text. */
export function randomCsv(seed: number): RandomCsv {
  const random = randomBySeed(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const chance = (share: number): boolean => random() < share;
  const delimiter = pick([',', ',', ',', ';', '\t', '|']);
  const newline = pick(['\n', '\n', '\r\n', '\r\n', '\r']);
  const columns = 1 + Math.floor(random() * 6);
  const rows = Math.floor(random() ** 2 * 40);
  const dirt = pick([0, 0, 0.01, 0.1]);
  const pools = Array.from({ length: columns }, () =>
    pick([
      NUMBERS,
      NUMBERS,
      DATES,
      TEXTS,
      NUMBERS.slice(0, 5),
      DATES.slice(0, 2),
      DATES.slice(6, 9),
    ]),
  );
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const cell = (pool: readonly string[]): string => {
    if (chance(dirt)) return pick(AWKWARD);
    const text = chance(0.1)
      ? pick(AWKWARD)
      : chance(0.1)
        ? pick([...NUMBERS, ...DATES, ...TEXTS])
        : pick(pool);
    const padded = chance(0.05) ? ` ${text}  ` : text;
    const mustQuote = /["\r\n,;|\t]/.test(padded);
    return mustQuote || chance(0.1) ? quoted(padded) : padded;
  };
  const line = (pick_: (at: number) => string): string => {
    const width = chance(dirt) ? Math.floor(random() * (columns + 3)) : columns;
    return Array.from({ length: width }, (_, at) => pick_(at)).join(delimiter);
  };
  const names = Array.from({ length: columns }, (_, at) =>
    chance(0.05) ? pick(['', 'x', '2024', '"q""q"']) : `col${at}`,
  );
  const body = Array.from({ length: rows }, () => line((at) => cell(pools[at] ?? TEXTS)));
  const end = chance(0.5) ? newline : '';
  const blank = chance(dirt) ? newline : '';
  const all = [names.join(delimiter), ...body].map((one) => one + (chance(dirt) ? '\n' : newline));
  const text = `${blank}${all.join('')}`;
  return { text: end === '' ? text.replace(/(?:\r\n|\r|\n)$/, '') : text, delimiter };
}
