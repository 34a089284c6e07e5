import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { secret } from '../../services/core/secret.ts';
import type { QueryEngine } from '../../services/ports/query-engine.ts';
import {
  hashesPersons,
  type PersonalTag,
  prepareProtection,
  protectedColumns,
  saltOf,
} from '../../services/stages/shape/protect.ts';
import { openOwnEngine } from '../support/pipeline.ts';

const SALT = 'a salt of the test';
let engine: QueryEngine;

beforeAll(async () => {
  engine = await openOwnEngine([]);
  await prepareProtection(engine, secret(SALT));
});

afterAll(() => engine.close());

async function shown(value: string | null, tag: PersonalTag, environment = 'dev') {
  const list = protectedColumns({
    dataset: 'clickstream',
    columns: ['value'],
    tags: { value: tag },
    environment,
  });
  const { rows } = await engine.query(`SELECT ${list} FROM (SELECT CAST($1 AS VARCHAR) AS value)`, [
    value,
  ]);
  return rows[0]?.[0];
}

const hmac = (value: string, salt = SALT) => createHmac('sha256', salt).update(value).digest('hex');

it.each(['cust_000123', '', 'a', 'Ünïcøde 客户', 'x'.repeat(300)])(
  'the hash of %j is the HMAC-SHA256 that another implementation makes',
  async (value) => {
    expect(await shown(value, 'person-id')).toBe(hmac(value));
  },
);

it.each([1, 63, 64, 65, 200])('a salt of %d bytes is used as RFC 2104 says', async (length) => {
  const own = await openOwnEngine([]);
  const salt = 's'.repeat(length);
  await prepareProtection(own, secret(salt));
  const { rows } = await own.query(`SELECT hash_person('cust_1')`);
  await own.close();
  expect(rows).toEqual([[hmac('cust_1', salt)]]);
});

it('identifiers stay as they are in prod alone', async () => {
  expect(await shown('cust_000123', 'person-id', 'prod')).toBe('cust_000123');
  expect(['local', 'dev', 'staging', 'prod', 'Production'].map(hashesPersons)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

it.each([
  ['192.168.1.77', '192.168.1.0'],
  [' 10.0.0.1 ', '10.0.0.0'],
  ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3::'],
  ['2001:DB8::1', '2001:db8:0::'],
  ['2001::1:2:3:4:5:6', '2001:0:1::'],
  ['::1', '0:0:0::'],
  ['::ffff:192.0.2.128', '0:0:0::'],
  ['fe80::1%eth0', null],
  ['203.0.113.77:8080', '203.0.113.0'],
  ['203.0.113.79::', null],
  ['203.0.113.79::1', null],
  ['203.0.113.79:a:b:c:d:e:f:1', null],
  ['[2001:db8::7]:443', '2001:db8:0::'],
  ['[2001:db8::7]', '2001:db8:0::'],
  ['64:ff9b:1:2:3:4:192.0.2.33', '64:ff9b:1::'],
  ['1::2::3', null],
  ['1:2:3:4:5:6:7:8:9', null],
  ['1:2:3', null],
  [':', null],
  ['203.0.113.77, 198.51.100.3', null],
  ['jane@example.org', null],
  ['', null],
  [null, null],
])('the address %j is published as %j', async (value, expected) => {
  expect(await shown(value, 'ip-address', 'prod')).toBe(expected);
});

it('user agents are not published', async () => {
  expect(await shown('Mozilla/5.0 (of one person)', 'user-agent', 'prod')).toBeNull();
});

it.each([
  ['Great product!', 'Great product!'],
  ['write to jane.doe+x@mail.example.org, please', 'write to ***, please'],
  ['call +49 (30) 1234-5678 now', 'call *** now'],
  ['card 4111 1111 1111 1111.', 'card ***.'],
  ['from 203.0.113.9 with love', 'from *** with love'],
  ['ask root@localhost or a@b', 'ask *** or ***'],
  ['from 2001:db8::7 and 2001:db8:85a3:8d3:1319:8a2e:370:7348.', 'from *** and ***.'],
  ['at 10:30:45, ratio 3:2:1, std::list', 'at 10:30:45, ratio 3:2:1, std::list'],
  ['call 0170\u00a0765\u202f4321 or 030\u20131234567', 'call *** or ***'],
  ['bought on 2026-01-15, again 15.01.2026', 'bought on 2026-01-15, again 15.01.2026'],
  ['5 stars, bought 12 for 29.99 in 2025', '5 stars, bought 12 for 29.99 in 2025'],
  [null, null],
])('the text %j is published as %j', async (value, expected) => {
  expect(await shown(value, 'free-text')).toBe(expected);
});

it('visits are hashed where persons are, and everywhere when they are made of an address', async () => {
  expect(await shown('s1', 'visit-id', 'dev')).toBe(hmac('s1'));
  expect(await shown('s1', 'visit-id', 'prod')).toBe('s1');
  expect(await shown('visitor:ab', 'visit-id', 'prod')).toBe(`visitor:${hmac('visitor:ab')}`);
});

it.each([
  ['/product/prod_000000456', '/product/prod_000000456'],
  ['/account/jane@example.org/orders', '/account/***/orders'],
  ['/u/jane%40example.org', '/u/***'],
  ['/from/203.0.113.9/x', '/from/***/x'],
  ['/call/+491707654321/49-170-765-4321', '/call/***/***'],
  ['/2026/01/15/news', '/2026/01/15/news'],
  ['/', '/'],
  [null, null],
])('the path %j becomes %j', async (value, expected) => {
  const { rows } = await engine.query('SELECT mask_path(CAST($1 AS VARCHAR))', [value]);
  expect(rows[0]?.[0]).toBe(expected);
});

it('a column without a tag is not published, and every one of them is named', () => {
  const ask = () =>
    protectedColumns({
      dataset: 'clickstream',
      columns: ['page', 'email', 'phone'],
      tags: { page: 'none' },
      environment: 'prod',
    });
  expect(ask).toThrow(expect.objectContaining({ kind: 'quality-failed' }));
  expect(ask).toThrow(/clickstream: 2 columns .*: email, phone$/);
});

it('a column called like a property of every object has no tag by that', () => {
  const request = { dataset: 'd', columns: ['constructor'], tags: {}, environment: 'prod' };
  expect(() => protectedColumns(request)).toThrow('constructor');
});

it('the salt is the one that is set; without one, hashes are made on a laptop alone', () => {
  const own = secret('a random text of ours');
  expect(saltOf({ environment: 'staging', personSalt: own }).reveal()).toBe(own.reveal());
  expect(saltOf({ environment: 'local', personSalt: undefined }).reveal()).not.toBe('');
  expect(() => saltOf({ environment: 'staging', personSalt: undefined })).toThrow(
    expect.objectContaining({ kind: 'config-invalid' }),
  );
});
