import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { readConfig } from '../../services/cli/config.ts';
import { openSource } from '../../services/cli/wire-source.ts';
import { createLog } from '../../services/telemetry/log.ts';

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
