import { describe, expect, it } from 'vitest';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { PipelineError } from '../../services/core/error.ts';
import { arrivalId } from '../../services/events/arrival.ts';
import { openLedger } from '../../services/events/ledger.ts';
import type { RunArrivals } from '../../services/events/run-queue.ts';
import { RENEW_MS, sweep } from '../../services/events/sweep.ts';
import { CSV_ARRIVALS, notificationOf, waitFor, watchBench } from '../support/watch-bench.ts';

const failing =
  (error: PipelineError): RunArrivals =>
  async () => ({ runName: 'run-x', error });
const bad = new PipelineError('input-invalid', 'uploads/a.csv: no header', { hint: 'add one' });

describe('a watcher', () => {
  it('runs once for each object that is there when it starts, and records it', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    await bench.put('uploads/deep/b.CSV');
    await bench.watch({});
    expect(bench.ran).toEqual(['uploads/a.csv', 'uploads/deep/b.CSV']);
    expect(await bench.settled()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: 'uploads/a.csv', status: 'success', error_class: null }),
      ]),
    );
    await bench.watch({});
    expect(bench.ran).toHaveLength(2);
  });

  it.each([
    'uploads/a.txt',
    'other/a.csv',
    'uploads/x.csv.part',
    'uploads/',
    '_records/uploads/a.csv',
  ])('leaves %s alone', async (key) => {
    const bench = watchBench();
    await bench.put(key);
    await bench.watch({}, () => bench.told.filter(({ type }) => type === 'swept').length >= 2);
    bench.notify(key);
    expect(bench.ran).toEqual([]);
    expect(await bench.acceptedCount()).toBe(0);
  });

  it('takes an object whose name is hidden: what is in a bucket is finished', async () => {
    const bench = watchBench();
    await bench.put('uploads/.a.csv');
    await bench.watch({});
    expect(bench.ran).toEqual(['uploads/.a.csv']);
  });

  it('hears of an object whose key has spaces, plus signs and letters of all kinds', async () => {
    const bench = watchBench();
    const key = 'uploads/a b+c %2B é 文.csv';
    await bench.watch({}, async () => {
      if (bench.ran.length === 0 && bench.told.length > 2) {
        await bench.put(key);
        bench.notify(key);
      }
      return bench.ran.length > 0;
    });
    expect(bench.ran).toEqual([key]);
  });

  it('runs once however often it is told of an object', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    for (let time = 0; time < 50; time++) bench.notify('uploads/a.csv');
    bench.wire.send({ type: 'changed', key: 'uploads/a.csv' });
    await bench.watch({}, async () => (await bench.settled()).length === 1);
    await bench.watch({});
    expect(bench.ran).toEqual(['uploads/a.csv']);
  });

  it('runs again when the bytes have changed', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv', '1');
    await bench.watch({});
    await bench.put('uploads/a.csv', '2');
    await bench.watch({});
    expect(bench.ran).toEqual(['uploads/a.csv', 'uploads/a.csv']);
    expect(await bench.settled()).toHaveLength(2);
  });

  it('knows two objects of the same bytes apart', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv', 'same');
    await bench.put('uploads/b.csv', 'same');
    await bench.watch({});
    expect(bench.ran.toSorted()).toEqual(['uploads/a.csv', 'uploads/b.csv']);
  });

  it('goes on after a notification that is forged, and tells of it', async () => {
    const bench = watchBench();
    const forged = JSON.parse(
      JSON.stringify(notificationOf('uploads/a.csv')).replaceAll('drops', 'other'),
    ) as unknown;
    bench.wire.send({ type: 'notification', body: forged });
    bench.wire.send({ type: 'notification', body: 5 });
    await bench.put('uploads/b.csv');
    bench.notify('uploads/b.csv');
    await bench.watch(
      {},
      () =>
        bench.ran.length === 1 && bench.told.filter(({ type }) => type === 'refused').length === 2,
    );
    expect(bench.ran).toEqual(['uploads/b.csv']);
  });

  it('runs nothing twice that ends while a sweep lists', async () => {
    const bench = watchBench();
    for (let at = 0; at < 50; at++) await bench.put(`uploads/${at}.csv`);
    const slow = {
      ...bench.store,
      async *list(prefix: string) {
        for await (const info of bench.store.list(prefix)) {
          yield info;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      },
    };
    await bench.watch(
      { store: slow, sweepEveryMs: 1 },
      () => bench.told.filter(({ type }) => type === 'swept').length > 3,
    );
    expect(bench.ran).toHaveLength(50);
  });

  it("leaves alone what the pipeline's own steps put there", async () => {
    const bench = watchBench();
    const rule = { ...CSV_ARRIVALS, isOurs: (key: string) => key.startsWith('uploads/own-') };
    await bench.put('uploads/own-1.csv');
    await bench.watch({ rule }, async () => {
      if (bench.ran.length === 0 && bench.told.some(({ type }) => type === 'listening')) {
        for (const name of ['own-2', 'other']) {
          await bench.put(`uploads/${name}.csv`);
          bench.notify(`uploads/${name}.csv`);
        }
      }
      return bench.ran.length > 0;
    });
    await bench.watch({ rule });
    expect(bench.ran).toEqual(['uploads/other.csv']);
    expect(await bench.acceptedCount()).toBe(1);
  });

  it('works by sweeps alone when the store cannot tell of changes, and says so', async () => {
    const bench = watchBench();
    bench.wire.fail(new PipelineError('unsupported', 'VERSITYGW cannot tell of changes'));
    let isPut = false;
    await bench.watch({ sweepEveryMs: 20 }, async () => {
      if (!isPut && bench.told.some(({ type }) => type === 'sweeping-only')) {
        isPut = true;
        await bench.put('uploads/late.csv');
      }
      return bench.ran.length > 0;
    });
    expect(bench.ran).toEqual(['uploads/late.csv']);
  });

  it('sweeps after each reconnect, so that what was put in between is not missed', async () => {
    const bench = watchBench();
    let isPut = false;
    await bench.watch({}, async () => {
      if (!isPut && bench.told.some(({ type }) => type === 'listening')) {
        isPut = true;
        bench.wire.send({ type: 'lost', reason: 'the server went away' });
        await bench.put('uploads/unheard.csv');
        bench.wire.send({ type: 'listening' });
      }
      return bench.ran.length > 0;
    });
    expect(bench.ran).toEqual(['uploads/unheard.csv']);
  });

  it('ends with the error of a store that cannot be listed', async () => {
    const bench = watchBench();
    const denied = new PipelineError('denied', 'list of s3://drops failed');
    const store = {
      ...bench.store,
      async *list() {
        yield* [];
        throw denied;
      },
    };
    await expect(bench.watch({ store }, () => false)).rejects.toBe(denied);
  });
});

describe('a run that fails', () => {
  it('for good does not stop the watcher, is recorded with its reason, and is not tried again', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    await bench.watch({ run: failing(bad) });
    expect(await bench.settled()).toMatchObject([
      {
        status: 'error',
        error_class: 'input-invalid',
        error_message: bad.message,
        error_hint: 'add one',
      },
    ]);
    await bench.watch({});
    expect(bench.ran).toEqual([]);
  });

  it('for good is tried again on demand, or when its bytes have changed', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    await bench.put('uploads/b.csv');
    await bench.watch({ run: failing(bad) });
    await bench.put('uploads/b.csv', 'mended');
    await bench.watch({});
    expect(bench.ran).toEqual(['uploads/b.csv']);
    await bench.watch({ retriesFailed: true });
    expect(bench.ran.slice(1)).toEqual(['uploads/a.csv']);
    const ofA = (await bench.settled()).filter(({ key }) => key === 'uploads/a.csv');
    expect(ofA).toMatchObject([{ status: 'success' }]);
  });

  it('in a way that waiting may cure is put off and had again', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    const attempts: number[] = [];
    const run: RunArrivals = async (_arrivals, { attempt }) => {
      attempts.push(attempt);
      const error = attempt < 2 ? new PipelineError('unavailable', 'no answer') : null;
      return { runName: 'r', error };
    };
    const clock = systemClock();
    const fast = {
      ...clock,
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms / 5_000, signal),
    };
    await bench.watch({ run, clock: fast }, async () => (await bench.settled()).length === 1);
    expect(attempts).toEqual([0, 1, 2]);
    expect(bench.told.filter(({ type }) => type === 'postponed')).toHaveLength(2);
  });

  it('of one key leaves the others alone', async () => {
    const bench = watchBench();
    for (const name of ['a', 'b', 'c']) await bench.put(`uploads/${name}.csv`);
    const run: RunArrivals = async ([arrival]) => ({
      runName: 'r',
      error: arrival?.key === 'uploads/b.csv' ? bad : null,
    });
    await bench.watch({ run });
    const statuses = (await bench.settled())
      .map(({ key, status }) => `${key} ${status}`)
      .toSorted();
    expect(statuses).toEqual([
      'uploads/a.csv success',
      'uploads/b.csv error',
      'uploads/c.csv success',
    ]);
  });
});

describe('runs beside each other', () => {
  it('are never more than allowed, and never two of one key', async () => {
    const bench = watchBench();
    for (let at = 0; at < 20; at++) await bench.put(`uploads/${at}.csv`);
    const running: string[] = [];
    let most = 0;
    const twice: string[] = [];
    const run: RunArrivals = async ([arrival]) => {
      const key = arrival?.key ?? '';
      if (running.includes(key)) twice.push(key);
      running.push(key);
      most = Math.max(most, running.length);
      // The object changes while it is worked on.
      if ((await bench.settled()).length < 10) await bench.put(key, `${key} changed`);
      bench.notify(key);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running.splice(running.indexOf(key), 1);
      return { runName: 'r', error: null };
    };
    await bench.watch(
      { run, runsMax: 3 },
      async () => new Set((await bench.settled()).map(({ key }) => key)).size === 20,
    );
    expect(most).toBe(3);
    expect(twice).toEqual([]);
  });

  it('are one for all that come together', async () => {
    const bench = watchBench();
    const batches: string[][] = [];
    const run: RunArrivals = async (arrivals) => {
      batches.push(arrivals.map(({ key }) => key).toSorted());
      return { runName: 'r', error: null };
    };
    for (let at = 0; at < 5; at++) await bench.put(`uploads/${at}.csv`);
    await bench.watch({ run, rule: { ...CSV_ARRIVALS, togetherMs: 30 } });
    expect(batches).toEqual([[0, 1, 2, 3, 4].map((at) => `uploads/${at}.csv`)]);
    expect(await bench.settled()).toHaveLength(5);
  });

  it('are settled many at a time when they came together', async () => {
    const bench = watchBench();
    for (let at = 0; at < 100; at++) await bench.put(`uploads/${at}.csv`);
    const inner = openLedger(objectRecords(bench.store), 'drops');
    let now = 0;
    let most = 0;
    const ledger: typeof inner = {
      ...inner,
      settle: async (record) => {
        most = Math.max(most, ++now);
        await inner.settle(record);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
      },
    };
    await bench.watch({ ledger, rule: { ...CSV_ARRIVALS, togetherMs: 30 } });
    expect(await bench.settled()).toHaveLength(100);
    expect(most).toBe(16);
  });
});

describe('a watcher that is told to stop', () => {
  it('ends what runs and takes up nothing more', async () => {
    const bench = watchBench();
    for (let at = 0; at < 10; at++) await bench.put(`uploads/${at}.csv`);
    let ended = 0;
    const started: string[] = [];
    const run: RunArrivals = async ([arrival]) => {
      started.push(arrival?.key ?? '');
      await new Promise((resolve) => setTimeout(resolve, 50));
      ended++;
      return { runName: 'r', error: null };
    };
    await bench.watch({ run, runsMax: 2 }, () => started.length === 2);
    expect(ended).toBe(2);
    expect(await bench.settled()).toHaveLength(2);
    await bench.watch({});
    expect(bench.ran).toHaveLength(8);
  });

  it('stops runs that do not end in time, and the next watcher has them again', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    let isRunning = false;
    const run: RunArrivals = (_arrivals, { signal }) => {
      isRunning = true;
      return new Promise((resolve) => {
        const error = new PipelineError('interrupted', 'stopped');
        signal.addEventListener('abort', () => resolve({ runName: 'r', error }), { once: true });
      });
    };
    await bench.watch({ run, drainMs: 20 }, () => isRunning);
    expect(await bench.settled()).toEqual([]);
    await bench.watch({ watcher: 'two' });
    expect(bench.ran).toEqual(['uploads/a.csv']);
  });
});

describe('two watchers', () => {
  it('over one bucket run each object once', async () => {
    const one = watchBench();
    const two = watchBench(one.store);
    let isPut = false;
    const until = async () => {
      const areListening = [one, two].every(({ told }) =>
        told.some(({ type }) => type === 'swept'),
      );
      if (areListening && !isPut) {
        isPut = true;
        for (let at = 0; at < 30; at++) await one.put(`uploads/${at}.csv`);
        for (let at = 0; at < 30; at++)
          for (const each of [one, two]) each.notify(`uploads/${at}.csv`);
      }
      return (await one.settled()).length === 30;
    };
    await Promise.all([
      one.watch({ watcher: 'one' }, until),
      two.watch({ watcher: 'two' }, async () => (await one.settled()).length === 30),
    ]);
    expect([...one.ran, ...two.ran].toSorted()).toEqual(
      Array.from({ length: 30 }, (_, at) => `uploads/${at}.csv`).toSorted(),
    );
  });

  it('leave to each other what the other still holds, however long that takes', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    const ledger = openLedger(objectRecords(bench.store), 'drops');
    const { etag } = (await bench.store.head('uploads/a.csv')) ?? { etag: '' };
    const id = arrivalId('uploads/a.csv', etag);
    const clock = systemClock();
    let laterMs = 0;
    const hasty = {
      now: () => new Date(Date.now() + laterMs),
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms === RENEW_MS ? 5 : ms, signal),
    };
    const run: RunArrivals = (_arrivals, { signal }) => {
      laterMs = 3_600_000;
      return new Promise((resolve) => {
        const error = new PipelineError('interrupted', 'stopped');
        signal.addEventListener('abort', () => resolve({ runName: 'r', error }), { once: true });
      });
    };
    await bench.watch({ run, clock: hasty, drainMs: 20 }, async () => {
      const record = await ledger.accepted(id);
      return record !== null && Date.parse(record.accepted_at) - Date.now() > 3_000_000;
    });
    expect(await ledger.accepted(id)).toMatchObject({ key: 'uploads/a.csv', by: 'one' });
  });

  it('know a taken-up object for the one who took it up', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    const never: RunArrivals = async () => ({
      runName: 'r',
      error: new PipelineError('interrupted', 'killed'),
    });
    await bench.watch({ run: never, watcher: 'one' });
    await bench.watch({ run: never, watcher: 'two' });
    const scan = objectRecords(bench.store).scan<{ by: string }>('arrivals/drops/accepted');
    for await (const { value } of scan) expect(value.by).toBe('two');
    expect(await bench.acceptedCount()).toBe(1);
  });

  it('leave to each other what the other has accepted a moment ago', async () => {
    const bench = watchBench();
    await bench.put('uploads/a.csv');
    const never: RunArrivals = async () => ({
      runName: 'r',
      error: new PipelineError('interrupted', 'killed'),
    });
    await bench.watch({ run: never, watcher: 'one' });
    // The second started before: what it sees now it sees by a later sweep.
    const later = watchBench(bench.store);
    const desk = {
      look: () => undefined,
      take: () => undefined,
      isUnderWay: () => false,
      beginSweep: () => () => undefined,
      idle: async () => undefined,
    };
    const options = {
      rule: CSV_ARRIVALS,
      store: later.store,
      ledger: openLedger(objectRecords(later.store), 'drops'),
      desk,
      clock: systemClock(),
      quietMs: 0,
      isFirst: false,
      retriesFailed: false,
      signal: new AbortController().signal,
    };
    expect(await sweep({ ...options, watcher: 'two' })).toEqual({ seen: 1, found: 0 });
    expect(await sweep({ ...options, watcher: 'one' })).toEqual({ seen: 1, found: 1 });
    const hour = { ...options.clock, now: () => new Date(Date.now() + 3_600_000) };
    expect(await sweep({ ...options, watcher: 'two', clock: hour })).toEqual({ seen: 1, found: 1 });
  });
});

describe('10,000 objects whose events come doubled, shuffled and 1 % missing', () => {
  it('have 10,000 records after one sweep, and one run each', { timeout: 30_000 }, async () => {
    const bench = watchBench();
    const keys = Array.from({ length: 10_000 }, (_, at) => `uploads/${at}.csv`);
    const heard = keys.filter((_, at) => at % 100 !== 0);
    const events = shuffled([...heard, ...heard]);
    let isSent = false;
    await bench.watch({ runsMax: 16 }, async () => {
      if (!isSent && bench.told.filter(({ type }) => type === 'swept').length >= 2) {
        isSent = true;
        for (const key of keys) await bench.put(key);
        for (const key of events) bench.notify(key);
      }
      return bench.ran.length === heard.length;
    });
    await waitFor(async () => (await bench.settled()).length === heard.length);
    expect(bench.ran.toSorted()).toEqual(heard.toSorted());
    await bench.watch({});
    expect(await bench.acceptedCount()).toBe(10_000);
    expect(await bench.settled()).toHaveLength(10_000);
    expect(new Set(bench.ran).size).toBe(bench.ran.length);
    expect(bench.ran).toHaveLength(10_000);
  });
});

/** The same order each time: a linear congruence, seeded. */
function shuffled<T>(things: readonly T[]): T[] {
  const all = [...things];
  let seed = 1926;
  for (let at = all.length - 1; at > 0; at--) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    const other = seed % (at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}
