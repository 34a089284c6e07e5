import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBlocks } from '../../../services/pipelines/fama-french/blocks.ts';

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.nat(6))
    .map(([n, d]) => (n / 7).toFixed(d)),
);
const randomBlock = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(4, 6, 8), fc.integer({ min: 1, max: 30 }))
  .chain(([width, digits, height]) =>
    fc.record({
      title: fc.constantFrom('', '  One', '  One\n  Two'),
      width: fc.constant(width),
      dates: fc.constant(
        Array.from({ length: height }, (_, at) => `${1900 + at}0228`.slice(0, digits)),
      ),
      cells: fc.array(fc.array(number, { minLength: width, maxLength: width }), {
        minLength: height,
        maxLength: height,
      }),
    }),
  );

describe('any library file', () => {
  it('gives the numbers that were written into it', () => {
    const file = fc.array(randomBlock, { minLength: 1, maxLength: 4 });
    const layout = fc.record({ end: fc.constantFrom('\n', '\r\n', '\r'), pad: fc.nat(4) });
    fc.assert(
      fc.property(file, layout, (blocks, { end, pad }) => {
        const text = blocks.map((block) => render(block, pad)).join('\n\n');
        const parsed = parseBlocks(`Preamble.\n\n${text}\nCopyright\n`.replaceAll('\n', end));
        expect(parsed.blocks.map(({ columns }) => columns)).toEqual(blocks.map(expectedColumns));
        expect(parsed.blocks.map(({ dates }) => dates)).toEqual(blocks.map(({ dates }) => dates));
        expect(parsed.blocks.flatMap(({ rejects }) => rejects)).toEqual([]);
        expect(parsed.rejects).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

type RandomBlock = typeof randomBlock extends fc.Arbitrary<infer T> ? T : never;

function render({ title, width, dates, cells }: RandomBlock, pad: number): string {
  const header = Array.from({ length: width }, (_, at) => `,P ${at}`).join('');
  const rows = dates.map((date, at) => {
    const row = (cells[at] ?? []).map((cell) => `,${' '.repeat(pad)}${cell}`);
    return `${' '.repeat(pad)}${date}${row.join('')}`;
  });
  return [...(title === '' ? [] : [title]), header, ...rows, ''].join('\n');
}

function expectedColumns({ width, cells }: RandomBlock): (number | null)[][] {
  return Array.from({ length: width }, (_, column) =>
    cells.map((row) => {
      const value = Number(row[column]);
      return value === -99.99 || value === -999 ? null : value;
    }),
  );
}
