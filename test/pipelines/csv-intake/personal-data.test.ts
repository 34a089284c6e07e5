import { describe, expect, it } from 'vitest';
import { personalData } from '../../../services/pipelines/csv-intake/personal-data.ts';
import { profileStream } from '../../../services/stages/shape/profile/profile-stream.ts';
import { intake } from '../../support/intake.ts';

async function hintOf(name: string, cells: readonly string[]): Promise<string | null> {
  const text = `n,${name}\n${cells.map((cell, at) => `${at},${cell}\n`).join('')}`;
  const profile = await profileStream(
    (async function* () {
      yield Buffer.from(text);
    })(),
  );
  return personalData(profile.columns[1]!);
}

describe('a column that may tell of a person', () => {
  it.each([
    ['customerEmail', 'email'],
    ['E-Mail', 'email'],
    ['phone_number', 'phone'],
    ['date_of_birth', 'birth_date'],
    ['SSN', 'national_id'],
    ['Card No', 'card_number'],
    ['last_name', 'person_name'],
    ['Street', 'address'],
    ['client ip', 'ip_address'],
  ])('is told by its name: %s is %s', async (name, kind) => {
    expect(await hintOf(name, ['x', 'y'])).toBe(kind);
  });

  it.each([
    ['email', ['a.b@example.org', 'c@d.example']],
    ['ip_address', ['10.0.0.1', '192.168.1.20']],
    ['bank_account', ['DE89370400440532013000', 'GB33 BUKB 2020 1555 5555 55']],
  ])('is told by its cells: %s', async (kind, cells) => {
    expect(await hintOf('v', cells)).toBe(kind);
  });

  it.each([
    ['filename', ['a', 'b']],
    ['product_name', ['a', 'b']],
    ['span', ['1', '2']],
    ['shipment', ['a@b.example', 'none']],
    ['zip_ratio', ['1.5', '2.5']],
    ['v', []],
  ])('is not %s with the cells %j', async (name, cells) => {
    expect(await hintOf(name, cells.length > 0 ? cells : ['', ''])).toBeNull();
  });

  it('is named in the record of its file', async () => {
    const { upload, run, files } = intake();
    await upload('people.csv', 'id,mail\n1,ann@example.org\n2,bob@example.org\n');
    await run();
    expect(await files()).toMatchObject([{ pii_hints: { mail: 'email' } }]);
  });
});
