import { describe, expect, it } from 'vitest';
import { Crash, faultPlan, faultStore } from '../../../services/layers/fault.ts';
import { isEverythingRequired } from '../../support/require-component.ts';
import { intake } from '../../support/intake.ts';
import { randomBySeed } from '../../support/random-csv.ts';

const CSV = 'name,age\nAnn,30\nBob,31\n';
const EVENTS = isEverythingRequired() ? 10_000 : 1_000;

describe('after a crash at any call to the store', () => {
  it('one more run ends as if nothing had happened', async () => {
    const whole = intake();
    await uploadTwo(whole);
    const counting = faultPlan();
    await whole.run({}, faultStore(whole.store, counting));
    const wanted = await whole.digest();
    expect(counting.calls.length).toBeGreaterThan(10);
    for (let call = 1; call <= counting.calls.length; call += 1) {
      for (const when of ['before', 'after'] as const) {
        const bench = intake();
        await uploadTwo(bench);
        const plan = faultPlan([{ call, when, error: 'crash' }]);
        await expect(bench.run({}, faultStore(bench.store, plan))).rejects.toThrow(Crash);
        await bench.run();
        expect(await bench.digest(), `${when} ${counting.calls[call - 1]}`).toEqual(wanted);
      }
    }
  });
});

async function uploadTwo({ upload }: ReturnType<typeof intake>): Promise<void> {
  await upload('a.csv', CSV);
  await upload('b/c.csv', '');
}

describe('events', () => {
  it('doubled, shuffled and some missing end in one record an object after one sweep', async () => {
    const bench = intake();
    const random = randomBySeed(17);
    const names = Array.from({ length: EVENTS }, (_, at) => `f${at}.csv`);
    for (const [at, name] of names.entries()) await bench.upload(name, `${CSV}Row ${at},${at}\n`);
    const told = names.filter(() => random() >= 0.01);
    const events = [...told, ...told]
      .map((name) => ({ name, at: random() }))
      .toSorted((a, b) => a.at - b.at);
    expect(told.length).toBeLessThan(EVENTS);
    for (let at = 0; at < events.length; at += 50) {
      const some = events.slice(at, at + 50);
      await Promise.all(some.map(({ name }) => bench.run({ key: `uploads/${name}` })));
    }
    expect(await bench.files()).toHaveLength(told.length);
    await bench.run();
    expect((await bench.files()).map(({ file_name: name }) => name)).toEqual(names.toSorted());
    const versions = await Promise.all(names.map((name) => bench.versions(name)));
    expect(versions.every(({ length }) => length === 1)).toBe(true);
  }, 600_000);

  it('a hundred uploads at once all get their record', async () => {
    const bench = intake();
    const names = Array.from({ length: 100 }, (_, at) => `p${at}.csv`);
    await Promise.all(
      names.map(async (name) => {
        await bench.upload(name, CSV);
        await bench.run({ key: `uploads/${name}` });
      }),
    );
    expect(await bench.files()).toHaveLength(100);
  });

  it('two versions recorded at once, the older one last, show the newer one', async () => {
    const bench = intake();
    for (let round = 0; round < 20; round += 1) {
      await bench.upload('x.csv', `${CSV}a,${round}\n`);
      const first = bench.run({ key: 'uploads/x.csv' });
      await bench.clock.advance(1_000);
      await bench.upload('x.csv', `${CSV}b,${round}\nc,${round}\n`);
      // The first run may find that its object has changed while it read it.
      await Promise.all([first, bench.run({ key: 'uploads/x.csv' })]);
      expect((await bench.files())[0]?.row_count).toBe(4);
      await bench.clock.advance(1_000);
    }
  });
});
