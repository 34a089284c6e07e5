import { expect, it } from 'vitest';
import { withoutSecrets } from '../../../services/cli/run/redact-record.ts';

it.each([
  ['https://me:pw@host.test/a.html', 'https://***@host.test/a.html'],
  ['https://tok-1@host.test/', 'https://***@host.test/'],
  ['https://host.test/a?sig=abc&x=1: answered 404', 'https://host.test/a?***: answered 404'],
  ['see "https://host.test/a.zip?k=v", then', 'see "https://host.test/a.zip?***", then'],
  ['no https://host.test/a.zip.', 'no https://host.test/a.zip.'],
  ['key hunter2 is wrong', 'key *** is wrong'],
  ['file:mirror/', 'file:mirror/'],
])('%j is recorded as %j', (text, safe) => {
  expect(withoutSecrets(text, ['hunter2'])).toBe(safe);
});
