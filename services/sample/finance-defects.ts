/** One transaction as its eight fields, before they are made CSV; a blank is a field without value. */
export interface TransactionDraft {
  id: string;
  customer: string;
  /** Milliseconds since 1970, UTC, whole seconds. */
  atMs: number;
  date: string;
  amount: string;
  merchant: string;
  category: string;
  status: string;
  payment: string;
}

const DAY_MS = 86_400_000;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
/** The days that were asked for, for a sample has many rows of few days. */
const dayTexts = new Map<number, string>();

/** `2026-01-31 14:30:00` */
export function dateText(atMs: number): string {
  const day = Math.floor(atMs / DAY_MS);
  const known = dayTexts.get(day);
  const text = known ?? new Date(day * DAY_MS).toISOString().slice(0, 10);
  if (known === undefined) dayTexts.set(day, text);
  const seconds = Math.floor((atMs - day * DAY_MS) / 1000);
  const hour = TWO_DIGITS[Math.floor(seconds / 3600)];
  const minute = TWO_DIGITS[Math.floor(seconds / 60) % 60];
  return `${text} ${hour}:${minute}:${TWO_DIGITS[seconds % 60]}`;
}

/** One way in which a row is not as it should be. */
export interface Defect {
  spoil(draft: TransactionDraft, random: () => number): void;
}

interface Kind extends Defect {
  /** Rows with it ÷ all rows. */
  share: number;
}

const NO_AMOUNT = 0.02;
const REPEATED = 0.01;
/** Of the rows that repeat an id, so many have no amount: they are among the 2 % without one. */
const REPEATED_WITHOUT_AMOUNT = 0.6;
/** Two of 10,000 rows. */
const FEW = 0.0002;
/** Rows that are good, though they are not written as the others. */
const UNUSUAL = 0.001;

const KINDS: readonly Kind[] = [
  { share: NO_AMOUNT - REPEATED * REPEATED_WITHOUT_AMOUNT, spoil: (draft) => (draft.amount = '') },
  few((draft) => (draft.id = ' ')),
  few((draft) => (draft.customer = '')),
  few((draft) => (draft.date = '')),
  few((draft) => (draft.date = `${draft.date.slice(0, 4)}-02-31 10:00:00`)),
  few((draft) => (draft.date = dateText(draft.atMs + 800 * DAY_MS))),
  few((draft) => (draft.date = dateText(draft.atMs - 800 * DAY_MS))),
  few((draft) => (draft.amount = 'n/a')),
  few((draft) => (draft.amount = `${draft.amount}5`)),
  few((draft) => (draft.amount = '0.00')),
  few((draft) => (draft.amount = `-${draft.amount}`)),
  few((draft) => (draft.amount = '1000000.01')),
  few((draft) => (draft.status = '')),
  few((draft) => (draft.status = 'reversed')),
  // Customers that nobody knows: rows that are held, not rejected.
  few((draft, random) => (draft.customer = `CUST8${String(random()).slice(2, 7)}`)),
  { share: UNUSUAL, spoil: (draft) => (draft.category = '') },
  { share: UNUSUAL, spoil: (draft) => (draft.merchant = '') },
  { share: UNUSUAL, spoil: (draft) => (draft.payment = '') },
  { share: UNUSUAL, spoil: (draft) => (draft.customer = ` ${draft.customer.toLowerCase()}`) },
  { share: UNUSUAL, spoil: (draft) => (draft.id = `${draft.id.toLowerCase()}  `) },
  { share: UNUSUAL, spoil: (draft) => (draft.status = draft.status.toUpperCase()) },
  few((draft) => (draft.merchant = `"=1+1,""x"""`)),
  few((draft) => (draft.category = `"gas'); DROP--\nback"`)),
];

function few(spoil: (draft: TransactionDraft, random: () => number) => unknown): Kind {
  return { share: FEW, spoil };
}

/**
 * Says of each row what is wrong with it, if anything: every kind has its exact share of the rows, in places drawn by
 * `random`. Rows that repeat an id take that of a row with no defect, before them or behind them.
 */
export function placeDefects(
  count: number,
  random: () => number,
): (at: number) => Defect | undefined {
  const kindAt = new Uint8Array(count);
  const repeatAt = new Map<number, Defect>();
  const free = (): number => {
    for (;;) {
      const at = Math.floor(random() * count);
      if (kindAt[at] === 0) return at;
    }
  };
  for (const [index, { share }] of KINDS.entries()) {
    for (let left = Math.round(count * share); left > 0; left -= 1) kindAt[free()] = index + 1;
  }
  const taken = KINDS.length + 1;
  for (let left = Math.round(count * REPEATED); left > 0; left -= 1) {
    const repeating = free();
    kindAt[repeating] = taken;
    const repeated = free();
    kindAt[repeated] = taken;
    repeatAt.set(repeating, repeat(repeated, left % 10 < REPEATED_WITHOUT_AMOUNT * 10));
  }
  return (at) => {
    const kind = kindAt[at] ?? 0;
    return kind === taken ? repeatAt.get(at) : KINDS[kind - 1];
  };
}

/** Some repeat the id as it is, others in small letters behind a blank. */
function repeat(repeated: number, isWithoutAmount: boolean): Defect {
  const id = `TXN${String(repeated + 1).padStart(8, '0')}`;
  return {
    spoil: (draft) => {
      draft.id = repeated % 3 === 0 ? ` ${id.toLowerCase()}` : id;
      if (isWithoutAmount) draft.amount = '';
    },
  };
}
