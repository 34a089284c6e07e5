import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { postgresAddress } from '../../services/adapters/warehouse/postgres-url.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('the address of a PostgreSQL server', () => {
  it('holds everything that a connection needs', () => {
    const { client } = postgresAddress(
      'postgres://etl%40user:p%2Fw%3A1@db.example.com:6543/etl%20db',
    );
    expect(client).toMatchObject({
      host: 'db.example.com',
      port: 6543,
      user: 'etl@user',
      database: 'etl db',
      application_name: 'argosy',
      keepAlive: true,
    });
    expect((client.password as () => string)()).toBe('p/w:1');
  });

  it('is shown without user, password and settings', () => {
    const address = 'postgres://user:secret@db.example.com/etl?sslmode=disable';
    expect(postgresAddress(address).shown).toBe('postgres://db.example.com:5432/etl');
  });

  it('may be of the newer protocol of addresses', () => {
    expect(postgresAddress('postgres://u@[::1]:5433/d').client).toMatchObject({
      host: '::1',
      port: 5433,
    });
  });

  it.each([
    ['disable', [false]],
    ['prefer', [{ rejectUnauthorized: false }, false]],
    ['require', [{ rejectUnauthorized: false }]],
    ['verify-full', [{ rejectUnauthorized: true }]],
  ])('sslmode=%s means what it means to libpq', (mode, plan) => {
    expect(postgresAddress(`postgres://u@db/d?sslmode=${mode}`).tls).toEqual(plan);
  });

  it('prefers TLS to a server elsewhere, and asks none of one on this machine', () => {
    expect(postgresAddress('postgres://u@db/d').tls).toEqual([
      { rejectUnauthorized: false },
      false,
    ]);
    expect(postgresAddress('postgres://u@localhost/d').tls).toEqual([false]);
    expect(postgresAddress('postgres://u@127.0.0.1/d').tls).toEqual([false]);
  });

  it('checks the certificate against an authority that is named', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'ca.pem');
    await writeFile(path, 'the authority');
    const query = `sslmode=require&sslrootcert=${encodeURIComponent(path)}`;
    expect(postgresAddress(`postgres://u@db/d?${query}`).tls).toMatchObject([
      { rejectUnauthorized: true, ca: Buffer.from('the authority') },
    ]);
  });

  it.each([
    ['a mode that there is not', 'sslmode=sometimes', /sslmode/],
    ['a setting that there is not', 'sslmod=require', /sslmod is not a setting/],
    ['a file that cannot be read', 'sslrootcert=/no/such/file', /\/no\/such\/file cannot be read/],
  ])('with %s is config-invalid, without the password', (_, query, said) => {
    const wrong = () => postgresAddress(`postgres://u:secret@db/d?${query}`);
    expect(wrong).toThrow(said);
    expect(wrong).toThrow(expect.objectContaining({ kind: 'config-invalid' }));
    expect(wrong).not.toThrow(/secret/);
  });
});
