import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { readConfig } from '../../../services/cli/config/config.ts';
import { namedByOperator, openSource } from '../../../services/cli/wire/source.ts';
import { createLog } from '../../../services/telemetry/log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const clock = manualClock(new Date('2026-11-21'));

it('an address of a mirror that is none fails the fetch, and nothing before it', async () => {
  const config = readConfig({ flags: {}, env: {}, dotenvText: undefined, cwd: '/' });
  const log = createLog({ level: 'info', format: 'text', write: () => undefined, clock });
  const url = 'file://mirror/';
  const source = openSource({ config, clock, log, random: () => 0, cwd: '/' }, [url]);
  // A rejection that nobody awaits would be seen by now, and fail this test.
  await setImmediate();
  await expect(source.fetch({ url, sizeBytesMax: 10 })).rejects.toMatchObject({
    kind: 'config-invalid',
    message: expect.stringContaining(url),
  });
});

it('files may be read of every address that is named, alone or among others, and of no other', async () => {
  await using folder = await tempFolder();
  await writeFile(join(folder.path, 'a.csv'), 'a');
  await writeFile(join(folder.path, 'b.csv'), 'b');
  const config = readConfig({ flags: {}, env: {}, dotenvText: undefined, cwd: '/' });
  const log = createLog({ level: 'info', format: 'text', write: () => undefined, clock });
  const named = ['file:a.csv, https://api.example.com/t file:./', 'SELECT 1'];
  const wiring = { config, clock, log, random: () => 0, cwd: folder.path };
  const source = openSource(wiring, named);
  expect(await source.files?.('file:a.csv')).toMatchObject([{ sizeBytes: 1 }]);
  expect(await source.files?.('file:./')).toHaveLength(2);
  await expect(source.files?.('file:b.csv')).rejects.toMatchObject({ kind: 'config-invalid' });
  await expect(openSource(wiring, []).files?.('file:a.csv')).rejects.toMatchObject({
    kind: 'config-invalid',
  });
});

it('what an uploaded object is called names no host', () => {
  const parameters = { 'event-key': 'http://10.0.0.1/', key: 'http://10.0.0.2/', url: 'http://a/' };
  expect(namedByOperator(parameters)).toEqual(['http://a/']);
});
