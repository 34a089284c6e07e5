/** A small terminal: what a person would see after all that was written. */
export interface Screen {
  write(text: string): void;
  columns: number;
  rows: number;
  /** The lines seen or scrolled away, without empty ones at the end. */
  lines(): string[];
  isCursorShown(): boolean;
  writeCount(): number;
}

// oxlint-disable-next-line no-control-regex -- escape sequences are what it reads
const TOKEN = /\u001b\[(\??)(\d*)([A-Za-z])|\n|\r|[^\u001b\n\r]+/g;

/** A screen of that size which knows the sequences the view uses, and no others. */
export function screen(columns = 80, rows = 24): Screen {
  const cells: string[] = [''];
  let row = 0;
  let isCursorShown = true;
  let writeCount = 0;

  const control = (isPrivate: boolean, count: number, letter: string): void => {
    if (isPrivate && count === 25) isCursorShown = letter === 'h';
    else if (letter === 'A') row = Math.max(0, cells.length - rows, row - count);
    else if (letter === 'J') cells.splice(row, cells.length, '');
    else if (letter !== 'K' && letter !== 'm') throw new Error(`unknown sequence ${letter}`);
  };
  const write = (text: string): void => {
    writeCount += 1;
    for (const [token, mark, count, letter] of text.matchAll(TOKEN)) {
      if (letter !== undefined) control(mark === '?', Number(count), letter);
      else if (token === '\n') cells[(row += 1)] ??= '';
      else if (token !== '\r') cells[row] = token;
    }
  };
  return {
    write,
    columns,
    rows,
    lines: () => cells.join('\n').trimEnd().split('\n'),
    isCursorShown: () => isCursorShown,
    writeCount: () => writeCount,
  };
}
