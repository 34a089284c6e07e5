import { describe, expect, it } from 'vitest';
import type { Profile } from '../../../services/stages/shape/profile/profile.ts';
import { profileStream } from '../../../services/stages/shape/profile/profile-stream.ts';
import { randomBySeed, randomCsv } from '../../support/random-csv.ts';
import { referenceProfile } from '../../support/reference-profile.ts';

const FILES = process.env['ARGOSY_TEST_REQUIRE'] === 'all' ? 5_000 : 1_000;
const SHARES = 10;

describe('the scanner over bytes and the slow, obvious profiler agree', () => {
  it.each(Array.from({ length: SHARES }, (_, share) => share))(
    `on random CSVs, share %i of ${SHARES}`,
    async (share) => {
      for (let at = 0; at < FILES / SHARES; at += 1) {
        const seed = share * 1_000_000 + at;
        const { text } = randomCsv(seed);
        const profile = await profileStream(inPieces(text, seed));
        expect(comparable(profile), `seed ${seed}: ${JSON.stringify(text)}`).toEqual(
          expected(text, profile),
        );
      }
    },
  );
});

/** The bytes in pieces of random lengths, for what is found must not depend on where they are cut. */
export async function* inPieces(text: string, seed: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const random = randomBySeed(seed + 7);
  const most = random() < 0.3 ? 3 : 200;
  let at = 0;
  while (at < bytes.length) {
    const length = 1 + Math.floor(random() * most);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

function comparable(profile: Profile) {
  const { nul_bytes: _, repeated_header: __, ...flaws } = profile.flaws;
  return {
    row_count: profile.row_count,
    column_count: profile.column_count,
    row_widths: profile.row_widths,
    flaws,
    columns: profile.columns.map(
      ({
        name: _name,
        histogram,
        blank_percentage: _b,
        invalid_percentage: _i,
        bytes_max: _m,
        ...rest
      }) => ({
        ...rest,
        counted: histogram?.counts.reduce((sum, count) => sum + count, 0) ?? 0,
      }),
    ),
  };
}

function expected(text: string, { dialect }: Profile) {
  const isCrOnly = !text.includes('\n') && text.includes('\r');
  const reference = referenceProfile(text, { ...dialect, isCrOnly });
  const { header: _, columns, ...rest } = reference;
  return {
    ...rest,
    columns: columns.map((column) => ({ ...column, counted: column.numbers?.count ?? 0 })),
  };
}
