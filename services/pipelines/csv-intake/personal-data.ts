import type { ColumnProfile } from '../../stages/shape/profile/profile.ts';

/** What a column may tell of a person. */
export type PersonalData =
  | 'email'
  | 'phone'
  | 'birth_date'
  | 'national_id'
  | 'card_number'
  | 'bank_account'
  | 'ip_address'
  | 'address'
  | 'person_name';

/** Words of headers, with whatever stands between them; the first that fits counts. */
const BY_NAME: readonly (readonly [PersonalData, RegExp])[] = [
  ['email', /\be ?mail\b/],
  ['phone', /\b(?:phone|telephone|mobile|fax)\b/],
  ['birth_date', /\b(?:birth|birthday|birthdate|dob)\b/],
  ['national_id', /\b(?:ssn|passport)\b|\b(?:social security|national id|tax id)\b/],
  ['card_number', /\b(?:card|credit card) (?:number|no)\b|\bpan\b/],
  ['bank_account', /\biban\b|\baccount (?:number|no)\b/],
  ['ip_address', /\bip(?: address)?\b/],
  ['address', /\b(?:address|street)\b/],
  [
    'person_name',
    /^(?:(?:first|last|full|given|family|middle|customer|person) )?name$|\bsurname\b/,
  ],
];

/** What every example of a column looks like. */
const BY_VALUE: readonly (readonly [PersonalData, RegExp])[] = [
  ['email', /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/],
  ['ip_address', /^(?:\d{1,3}\.){3}\d{1,3}$/],
  ['bank_account', /^[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?$/],
];

/**
 * What a column may tell of a person, by its name or by its first cells; null when neither says so. A hint for whoever
 * decides who may see the file (requirements 5.9): no hint is no proof.
 */
export function personalData({ name, examples }: ColumnProfile): PersonalData | null {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  const named = BY_NAME.find(([, pattern]) => pattern.test(words));
  if (named) return named[0];
  if (examples.length === 0) return null;
  const like = BY_VALUE.find(([, pattern]) => examples.every(({ value }) => pattern.test(value)));
  return like?.[0] ?? null;
}
