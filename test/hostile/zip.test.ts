import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PipelineError, toPipelineError } from '../../services/core/error.ts';
import { unzip, unzipToScratch } from '../../services/stages/land/unzip.ts';
import { extraField, makeZip, wide, zip64End } from '../support/make-zip.ts';
import { describeLong } from '../support/require-component.ts';
import { hostileZips } from './zip-cases.ts';

const KEY = 'raw_data/hostile.zip';
const CSV = 'date,value\n201707,1.5\n'.repeat(20);

let root = '';
let scratch = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'argosy-zip-'));
  scratch = await mkdtemp(join(root, 'scratch-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function isCsv(name: string): boolean {
  return /\.csv$/i.test(name);
}

async function refusal(attempt: Promise<unknown>): Promise<PipelineError> {
  const thrown: unknown = await attempt.then(
    () => new Error('it was accepted'),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(PipelineError);
  return toPipelineError(thrown);
}

/** Everything below the root but the archives that the test itself wrote. */
async function leftovers(): Promise<string[]> {
  const names = await readdir(root, { recursive: true });
  return names.filter((name) => !name.endsWith('.zip') && join(root, name) !== scratch);
}

for (const [family, cases] of Object.entries(hostileZips)) {
  describe(`a ZIP with hostile ${family} is refused whole`, () => {
    it.each(cases)('$name: $kind', async ({ bytes, kind, says, name }) => {
      const zip = bytes();
      const inMemory = await refusal(unzip(zip, { name: KEY }));
      expect(inMemory.kind).toBe(kind);
      expect(inMemory.message).toMatch(says);
      expect(inMemory.message).toContain(KEY);
      expect(inMemory.message).not.toMatch(/\p{Cc}/u);
      expect(inMemory.hint).toBeTruthy();
      expect(await leftovers()).toEqual([]);

      if (name.includes('into memory')) return;
      const path = join(root, 'hostile.zip');
      await writeFile(path, zip);
      const onDisk = await refusal(unzipToScratch({ path }, scratch, { name: KEY }));
      expect([onDisk.kind, onDisk.message]).toEqual([inMemory.kind, inMemory.message]);
      expect(await leftovers()).toEqual([]);
    });
  });
}

describe('a good ZIP is unpacked', () => {
  const nested = makeZip([{ name: 'inner.csv', data: CSV }]);
  const descriptor = Buffer.alloc(16);
  const goods = [
    { name: 'deflated', zip: makeZip([{ name: 'a.csv', data: CSV }]) },
    { name: 'stored', zip: makeZip([{ name: 'a.csv', data: CSV, method: 0 }]) },
    {
      name: 'in a folder',
      zip: makeZip([
        { name: 'x/', method: 0 },
        { name: 'x/a.csv', data: CSV },
      ]),
    },
    {
      name: 'with a long comment that looks like an end record',
      zip: makeZip([{ name: 'a.csv', data: CSV }], {
        comment: Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(300, 65)]),
      }),
    },
    {
      name: 'with a data descriptor',
      zip: makeZip([
        {
          name: 'a.csv',
          data: CSV,
          flags: 8,
          local: { crc: 0, sizeBytes: 0, compressedBytes: 0 },
          trailer: descriptor,
        },
      ]),
    },
    {
      name: 'with a header whose extra field is longer than the directory tells',
      zip: makeZip([
        { name: 'a.csv', data: CSV, local: { extra: extraField(0x4242, Buffer.alloc(60_000)) } },
      ]),
    },
    {
      name: 'with ZIP64 records that tell the truth',
      zip: makeZip(
        [
          {
            name: 'a.csv',
            data: CSV,
            sizeBytes: 0xffffffff,
            extra: extraField(1, wide(CSV.length)),
          },
        ],
        {
          count: 0xffff,
          directoryOffset: 0xffffffff,
          beforeEnd: (truth) => zip64End(truth, truth.offset + truth.sizeBytes),
        },
      ),
    },
    {
      name: 'with bytes before it that are counted',
      zip: makeZip([{ name: 'a.csv', data: CSV }], { prefix: Buffer.from('#!/bin/sh\n') }),
    },
  ];

  it.each(goods)('$name', async ({ zip }) => {
    const { members } = await unzip(zip, { name: KEY });
    expect(members.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([['a.csv', CSV]]);
  });

  it('extracts only the members that are wanted, and counts all entries', async () => {
    const zip = makeZip([
      { name: 'readme.txt', data: 'x' },
      { name: 'deep/er/B.CSV', data: CSV },
      { name: 'a.csv', data: '' },
    ]);
    const { members, entries } = await unzip(zip, { name: KEY, wants: isCsv });
    expect(entries).toBe(3);
    expect(members.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ['B.CSV', CSV.length],
      ['a.csv', 0],
    ]);
  });

  it('answers with no member for an archive without any', async () => {
    expect(await unzip(makeZip([]), { name: KEY })).toEqual({ members: [], entries: 0 });
  });

  it('does not open a ZIP in a ZIP', async () => {
    const { members } = await unzip(makeZip([{ name: 'inner.zip', data: nested, method: 0 }]), {
      name: KEY,
    });
    expect(members[0]?.bytes.equals(nested)).toBe(true);
  });

  it('writes into scratch under names of its own', async () => {
    const path = join(root, 'good.zip');
    await writeFile(path, makeZip([{ name: 'x/evil name.csv', data: CSV }]));
    const { members } = await unzipToScratch({ path }, scratch, { name: KEY });
    const [member] = members;
    expect(member?.name).toBe('evil name.csv');
    expect(member?.path).toMatch(/zip-\w+\/0$/);
    expect(await readFile(member?.path ?? '', 'utf8')).toBe(CSV);
    await rm(scratch, { recursive: true });
    scratch = await mkdtemp(join(root, 'scratch-'));
  });

  it('reads a name that is not UTF-8 as Latin-1', async () => {
    const zip = makeZip([{ name: Buffer.from('r\u00E9sum\u00E9.csv', 'latin1'), data: CSV }]);
    const { members } = await unzip(zip, { name: KEY });
    expect(members[0]?.name).toBe('r\u00E9sum\u00E9.csv');
  });
});

describe('around unpacking', () => {
  it('an archive that is not there is not-found', async () => {
    const error = await refusal(unzip({ path: join(root, 'nowhere.zip') }, { name: KEY }));
    expect(error.kind).toBe('not-found');
  });

  it('a scratch folder that cannot be written is unavailable', async () => {
    const zip = makeZip([{ name: 'a.csv', data: CSV }]);
    const error = await refusal(unzipToScratch(zip, join(root, 'nowhere'), { name: KEY }));
    expect(error.kind).toBe('unavailable');
  });

  it('an abort ends it', async () => {
    const zip = makeZip([{ name: 'a.csv', data: CSV }]);
    const attempt = unzip(zip, { name: KEY, signal: AbortSignal.abort() });
    await expect(attempt).rejects.toThrow(/abort/i);
  });

  it('every archive cut at any byte is refused or whole', async () => {
    const whole = makeZip([
      { name: 'a.csv', data: CSV },
      { name: 'b.csv', data: 'x' },
    ]);
    for (let length = 0; length < whole.length; length++) {
      const error = await refusal(unzip(whole.subarray(0, length), { name: KEY }));
      expect(error.kind).toBe('input-invalid');
    }
  });

  it('no flipped bit changes what comes out without being noticed', async () => {
    const whole = makeZip([
      { name: 'a.csv', data: CSV },
      { name: 'b.csv', data: 'x', method: 0 },
    ]);
    const outcomes = new Map<string, number>();
    for (let at = 0; at < whole.length * 8; at++) {
      const bytes = Buffer.from(whole);
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
      const outcome = await unzip(bytes, { name: KEY }).then(
        ({ members }) => members.map((member) => member.bytes.toString()).join('|'),
        (error: unknown) => toPipelineError(error).kind,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].toSorted()).toEqual(
      [`${CSV}|x`, 'input-invalid', 'too-large'].toSorted(),
    );
    expect(outcomes.get('input-invalid')).toBeGreaterThan(1_000);
  });

  describeLong('a large member', () => {
    it('200 MiB go to scratch within 64 MiB of memory', async () => {
      const piece = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, at) => (at * at) >> 11));
      const packed = deflateRawSync(piece, { finishFlush: constants.Z_FULL_FLUSH });
      const times = 200;
      const zip = makeZip([
        {
          name: 'big.csv',
          packed: Buffer.concat([
            ...Array.from({ length: times }, () => packed),
            Buffer.from([3, 0]),
          ]),
          sizeBytes: piece.length * times,
          crc: Array.from({ length: times }).reduce<number>((sum) => crc32(piece, sum), 0),
        },
      ]);
      const before = process.memoryUsage.rss();
      const samples: number[] = [];
      const watch = setInterval(() => samples.push(process.memoryUsage.rss() - before), 5);
      const { members } = await unzipToScratch(zip, scratch, { name: KEY });
      clearInterval(watch);
      expect(members[0]?.sizeBytes).toBe(200 * 1024 * 1024);
      expect(samples.length).toBeGreaterThan(10);
      expect(Math.max(...samples) / 1024 / 1024).toBeLessThan(64);
    }, 20_000);
  });
});
