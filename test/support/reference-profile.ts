/**
 * A CSV profiler that is slow and obvious: it reads the text character by character into rows of cells, then asks
 * each cell what it is with regular expressions, big integers and `Date`. What the scanner over bytes finds must be
 * the same.
 */
export interface ReferenceCell {
  content: string;
  line: number;
  isText: boolean;
}

export interface ReferenceDialect {
  delimiter: string;
  quote: string;
  isCrOnly: boolean;
}

interface Row {
  line: number;
  cells: ReferenceCell[];
}

export interface ReferenceRows {
  rows: Row[];
  blankLines: number[];
  strayLines: number[];
  bareCrLines: number[];
  unclosedLine: number | null;
}

export function referenceRows(text: string, dialect: ReferenceDialect): ReferenceRows {
  const { delimiter, quote, isCrOnly } = dialect;
  const found: ReferenceRows = {
    rows: [],
    blankLines: [],
    strayLines: [],
    bareCrLines: [],
    unclosedLine: null,
  };
  let at = 0;
  let line = 1;
  const endLength = (): number => {
    if (text.startsWith('\r\n', at)) return 2;
    if (text[at] === '\n') return 1;
    return isCrOnly && text[at] === '\r' ? 1 : 0;
  };
  const readCell = (): ReferenceCell => {
    const start = at;
    const startLine = line;
    let strays = 0;
    let content = '';
    if (text[at] === quote) {
      at += 1;
      for (;;) {
        if (at >= text.length) {
          found.unclosedLine = startLine;
          return { content, line: startLine, isText: false };
        }
        if (text[at] === quote && text[at + 1] === quote) {
          content += quote;
          at += 2;
          continue;
        }
        if (text[at] === quote) break;
        if (text[at] === '\n' || (isCrOnly && text[at] === '\r' && text[at + 1] !== '\n'))
          line += 1;
        content += text[at];
        at += 1;
      }
      at += 1;
      if (at >= text.length || text[at] === delimiter || endLength() > 0) {
        return { content, line: startLine, isText: false };
      }
      strays += 1;
    }
    while (at < text.length && text[at] !== delimiter && endLength() === 0) {
      if (text[at] === quote) strays += 1;
      if (text[at] === '\r') found.bareCrLines.push(startLine);
      at += 1;
    }
    if (strays > 0) found.strayLines.push(startLine);
    return { content: text.slice(start, at), line: startLine, isText: strays > 0 };
  };
  while (at < text.length) {
    if (endLength() > 0) {
      found.blankLines.push(line);
      at += endLength();
      line += 1;
      continue;
    }
    const row: Row = { line, cells: [] };
    for (;;) {
      row.cells.push(readCell());
      if (text[at] !== delimiter) break;
      at += 1;
    }
    found.rows.push(row);
    at += endLength();
    line += 1;
  }
  return found;
}

const DATES = [
  ['YYYY-MM-DD', /^(\d{4})-(\d\d)-(\d\d)$/, [1, 2, 3]],
  ['YYYY/MM/DD', /^(\d{4})\/(\d\d)\/(\d\d)$/, [1, 2, 3]],
  ['MM/DD/YYYY', /^(\d\d)\/(\d\d)\/(\d{4})$/, [3, 1, 2]],
  ['DD/MM/YYYY', /^(\d\d)\/(\d\d)\/(\d{4})$/, [3, 2, 1]],
] as const;

/** The ISO day that a text is in a format; null when it is none. */
function dayIn(text: string, [, pattern, order]: (typeof DATES)[number]): string | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const iso = order.map((group) => match[group]).join('-');
  const date = new Date(`${iso}T00:00:00Z`);
  const isReal = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
  return isReal && !iso.startsWith('0000') ? iso : null;
}

type Kind = 'blank' | 'int' | 'float' | 'zero_led' | 'other';

function kindOf({ content, isText }: ReferenceCell): { kind: Kind; text: string } {
  const text = content.replaceAll(/^[\t-\r ]+|[\t-\r ]+$/g, '');
  if (isText) return { kind: 'other', text: content };
  if (text === '') return { kind: 'blank', text };
  if (/^[+-]?0\d+$/.test(text)) return { kind: 'zero_led', text };
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text);
  const isLong = text.length > 400 && text.replaceAll(/\D/g, '').length > 15;
  if (!isNumber || isLong || !Number.isFinite(Number(text))) return { kind: 'other', text };
  return { kind: /^[+-]?\d+$/.test(text) ? 'int' : 'float', text };
}

/** A number as a fraction of big integers. */
function fraction(text: string): { top: bigint; bottom: bigint } {
  const [, sign, whole, decimals = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const magnitude = BigInt(`${whole}${decimals}`);
  const top = sign === '-' ? -magnitude : magnitude;
  const shift = Number(exponent) - decimals.length;
  if (top === 0n || shift < -400) return { top: 0n, bottom: 1n };
  return shift >= 0
    ? { top: top * 10n ** BigInt(shift), bottom: 1n }
    : { top, bottom: 10n ** BigInt(-shift) };
}

/** The mean to 30 significant digits and more, read as a double. */
function meanOf(texts: readonly string[]): number {
  let top = 0n;
  let bottom = 1n;
  for (const one of texts.map(fraction)) {
    if (one.bottom === bottom) top += one.top;
    else {
      const common = one.bottom > bottom ? one.bottom : bottom;
      top = top * (common / bottom) + one.top * (common / one.bottom);
      bottom = common;
    }
  }
  bottom *= BigInt(texts.length);
  const scaled = (top * 10n ** 460n) / bottom;
  return Number(`${scaled}e-460`);
}

const lines = (all: readonly number[]): { count: number; lines: number[] } => ({
  count: all.length,
  lines: [...new Set(all)].slice(0, 10),
});

function referenceColumn(cells: readonly (ReferenceCell | undefined)[], rows: number) {
  const read = cells.flatMap((cell) => (cell ? [{ ...kindOf(cell), cell }] : []));
  const present = read.filter(({ kind }) => kind !== 'blank');
  const of = (...kinds: Kind[]) => present.filter(({ kind }) => kinds.includes(kind));
  const enough = (fitting: number) =>
    fitting > 0 &&
    (fitting * 10 >= present.length * 9 ||
      (present.length - fitting <= 2 && fitting * 10 >= present.length * 7));
  const numeric = of('int', 'float');
  const zeroLed = of('zero_led');
  const days = DATES.map((format) => ({
    format: format[0],
    fitting: present.filter(({ kind, text }) => kind === 'other' && dayIn(text, format) !== null),
    isoDays: of('other').flatMap(({ text }) => dayIn(text, format) ?? []),
  }));
  const best = days.reduce((top, one) => (one.fitting.length > top.fitting.length ? one : top));
  let type = 'string';
  let fitting = present;
  const isIdentifier =
    zeroLed.length > 0 &&
    zeroLed.length * 100 >= of('int', 'zero_led').length &&
    enough(numeric.length + zeroLed.length);
  if (!isIdentifier && enough(numeric.length)) {
    type = of('float').length > 0 ? 'float' : 'int';
    fitting = numeric;
  } else if (!isIdentifier && enough(best.fitting.length)) {
    type = 'date';
    fitting = best.fitting;
  }
  const misfits = present.filter((one) => !fitting.includes(one));
  const example = ({ cell }: { cell: ReferenceCell }) => {
    const bytes = Buffer.from(cell.content);
    const whole = bytes.length <= 64;
    const cut = new TextDecoder().decode(bytes.subarray(0, 64), { stream: true });
    return { line: cell.line, value: whole ? cell.content : `${cut}…` };
  };
  const isDate = type === 'date';
  return {
    type,
    date_format: isDate ? best.format : null,
    ambiguous_date_order:
      isDate && best.format === 'MM/DD/YYYY' && days[2]!.fitting.length === days[3]!.fitting.length,
    identifier_like: isIdentifier,
    blanks: rows - present.length,
    invalid: misfits.length,
    invalid_examples: misfits.slice(0, 5).map(example),
    numbers: referenceNumbers(
      numeric.map(({ text, kind }) => ({ text, kind })),
      type,
    ),
    dates: isDate
      ? { first: best.isoDays.toSorted()[0]!, last: best.isoDays.toSorted().at(-1)! }
      : null,
    cells: {
      int: of('int').length,
      float: of('float').length,
      zero_led: zeroLed.length,
      text: of('other').filter((one) => days.every((day) => !day.fitting.includes(one))).length,
      dates: Object.fromEntries(
        days.filter((day) => day.fitting.length > 0).map((day) => [day.format, day.fitting.length]),
      ),
    },
    examples: present.slice(0, 5).map(example),
  };
}

function referenceNumbers(numeric: readonly { text: string; kind: Kind }[], type: string) {
  if (numeric.length === 0) return null;
  const avg = meanOf(numeric.map(({ text }) => text));
  const count = numeric.length;
  if (type === 'float' || numeric.some(({ kind }) => kind === 'float')) {
    const values = numeric.map(({ text }) => Number(text));
    return { min: Math.min(...values) + 0, max: Math.max(...values) + 0, avg, count };
  }
  const values = numeric.map(({ text }) => BigInt(text.replace('+', '')));
  const tell = (value: bigint) =>
    Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  const min = values.reduce((low, one) => (one < low ? one : low));
  const max = values.reduce((high, one) => (one > high ? one : high));
  return { min: tell(min), max: tell(max), avg, count };
}

/** What the profile of a text must say, by the slow way. */
export function referenceProfile(text: string, dialect: ReferenceDialect) {
  const found = referenceRows(text, dialect);
  const [header, ...rows] = found.rows;
  const width = header?.cells.length ?? 0;
  const widths: Record<string, number> = {};
  for (const { cells } of rows) widths[cells.length] = (widths[cells.length] ?? 0) + 1;
  const linesOf = (want: (row: Row) => boolean) => lines(rows.filter(want).map(({ line }) => line));
  const flaws = {
    short_rows: linesOf(({ cells }) => cells.length < width),
    extra_fields: linesOf(({ cells }) => cells.length > width),
    blank_lines: lines(found.blankLines),
    blank_rows: linesOf(({ cells }) =>
      cells.slice(0, width).every((cell) => kindOf(cell).kind === 'blank'),
    ),
    stray_quotes: lines(found.strayLines),
    unclosed_quote: lines(found.unclosedLine === null ? [] : [found.unclosedLine]),
    bare_cr: lines(found.bareCrLines),
  };
  const columns = Array.from({ length: width }, (_, at) =>
    referenceColumn(
      rows.map(({ cells }) => cells[at]),
      rows.length,
    ),
  );
  return {
    row_count: rows.length,
    column_count: width,
    header: header?.cells.map(({ content }) => content.trim()) ?? [],
    columns,
    row_widths: widths,
    flaws: Object.fromEntries(Object.entries(flaws).filter(([, { count }]) => count > 0)),
  };
}
