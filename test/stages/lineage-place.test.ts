import { expect, it } from 'vitest';
import { uuidOf } from '../../services/core/uuid.ts';
import { objectsAt, sourcesAt, tableAt } from '../../services/stages/observe/lineage/place.ts';

it.each([
  ['s3://bucket', 'raw/', { namespace: 's3://bucket', name: 'raw' }],
  ['s3://bucket', '', { namespace: 's3://bucket', name: '/' }],
  ['file:///data/a%20b/bucket', 'raw/x/', { namespace: 'file', name: '/data/a b/bucket/raw/x' }],
])('objects of %s below "%s" are named by OpenLineage’s conventions', (url, prefix, name) => {
  expect(objectsAt(url, prefix)).toEqual(name);
});

it.each([
  ['postgres://db.example/shop', { namespace: 'postgres://db.example:5432', name: 'shop.s.t' }],
  [
    'postgres://db.example:6543/shop',
    { namespace: 'postgres://db.example:6543', name: 'shop.s.t' },
  ],
  [
    'redshift://one.abc123.eu-west-1.redshift.amazonaws.com:5439/dev',
    { namespace: 'redshift://one.eu-west-1:5439', name: 'dev.s.t' },
  ],
  ['pglite:/data/warehouse', { namespace: 'pglite:/data/warehouse', name: 'postgres.s.t' }],
])('tables of %s are named by its server', (url, name) => {
  expect(tableAt(url, 's', 't')).toEqual(name);
});

it.each([
  ['https://user:pass@api.example/v1/rows?apikey=secret#x', 'https://api.example', 'v1/rows'],
  ['https://api.example', 'https://api.example', '/'],
  ['file:inbox/a.csv', 'file', 'inbox/a.csv'],
  ['file:///inbox/', 'file', '/inbox'],
  ['s3://other/prefix/', 's3://other', 'prefix'],
  ['inbox/transactions/', 's3://own', 'inbox/transactions'],
  ['postgres:', 'postgres://db.example:5432', 'shop.public.query'],
])('the source %s is %s %s, without secrets', (address, namespace, name) => {
  expect(sourcesAt(address, 's3://own', 'postgres://db.example/shop')).toEqual([
    { namespace, name },
  ]);
});

it('several addresses are several sources, and none is none', () => {
  expect(sourcesAt(' a/  https://b.example/c ', 's3://own', null)).toHaveLength(2);
  expect(sourcesAt('', 's3://own', null)).toEqual([]);
});

it('the id of a run is a UUID of version 5', () => {
  expect(uuidOf('a')).not.toBe(uuidOf('b'));
  // As Python's uuid.uuid5 of the same namespace and name.
  expect(uuidOf('a')).toBe('a654d775-1749-576b-b4a8-dfd18b7317a0');
});
