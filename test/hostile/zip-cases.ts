import { deflateRawSync } from 'node:zlib';
import type { ErrorKind } from '../../services/core/error.ts';
import { extraField, makeZip, wide, zip64End } from '../support/make-zip.ts';
import type { MadeMember } from '../support/make-zip.ts';

/** An archive that must be refused: with which kind, and what the message must say. */
export interface HostileZip {
  name: string;
  bytes: () => Buffer;
  kind: ErrorKind;
  says: RegExp;
}

const CSV = 'date,value\n201707,1.5\n'.repeat(20);
const good: MadeMember = { name: 'a.csv', data: CSV };
const packed = deflateRawSync(Buffer.from(CSV));
const FULL = 0xffffffff;
const MIB = 1024 * 1024;

const invalid = (name: string, says: RegExp, bytes: () => Buffer): HostileZip => ({
  name,
  bytes,
  kind: 'input-invalid',
  says,
});
const large = (name: string, says: RegExp, bytes: () => Buffer): HostileZip => ({
  name,
  bytes,
  kind: 'too-large',
  says,
});
const named = (name: string | Buffer, says: RegExp): HostileZip =>
  invalid(`a member called ${JSON.stringify(String(name).slice(0, 30))}`, says, () =>
    makeZip([good, { name, data: CSV }]),
  );
const member = (name: string, says: RegExp, lie: Partial<MadeMember>): HostileZip =>
  invalid(name, says, () => makeZip([{ ...good, ...lie }]));

const names: HostileZip[] = [
  named('../evil.csv', /would leave its folder/),
  named('a/../../evil.csv', /would leave its folder/),
  named('..', /would leave its folder/),
  named('/etc/evil.csv', /absolute/),
  named('//server/evil.csv', /absolute/),
  named('C:evil.csv', /drive letter/),
  named('c:/evil.csv', /drive letter/),
  named('..\\evil.csv', /backslash/),
  named('a\\b.csv', /backslash/),
  named('', /no name/),
  named('./', /no name/),
  named('evil.csv\0.txt', /characters/),
  named('evil\u001B[2J.csv', /characters/),
  named('x'.repeat(2_000), /name of 2000 bytes/),
  invalid('invalid UTF-8 that is flagged as UTF-8', /characters/, () =>
    makeZip([{ name: Buffer.from([0xff, 0xfe, 0x2e]), data: CSV, flags: 0x800 }]),
  ),
  invalid('two members of one name', /two members/, () => makeZip([good, good])),
  invalid('two names that differ in case only', /two members/, () =>
    makeZip([good, { ...good, name: 'A.CSV' }]),
  ),
  invalid('two names that are one path', /two members/, () =>
    makeZip([good, { ...good, name: './/a.csv' }]),
  ),
  invalid('two base names in two folders', /two members/, () =>
    makeZip([
      { ...good, name: 'x/a.csv' },
      { ...good, name: 'y/a.csv' },
    ]),
  ),
];

const kinds: HostileZip[] = [
  member('a symbolic link', /symbolic link/, { mode: 0o120777, data: '/etc/passwd' }),
  member('a named pipe', /no plain file/, { mode: 0o010644 }),
  member('a device', /no plain file/, { mode: 0o020644 }),
  member('a file that claims to be a folder', /no plain file/, { mode: 0o040755 }),
  member('a folder with bytes', /folder that holds bytes/, { name: 'a.csv/' }),
  member('an encrypted member', /encrypted/, { flags: 1 }),
  member('a strongly encrypted member', /encrypted/, { flags: 0x41 }),
  member('masked headers', /encrypted/, { flags: 0x2000 }),
  member('encryption told by the header alone', /encrypted/, { local: { flags: 1 } }),
  member('AES by method 99', /method 99/, { method: 99 }),
  member('bzip2', /method 12/, { method: 12 }),
  member('deflate64', /method 9,/, { method: 9 }),
];

const sizes: HostileZip[] = [
  member('a member longer than it claims', /holds more than/, { sizeBytes: 100 }),
  member('a member shorter than it claims', /of the 441 bytes/, { sizeBytes: 441 }),
  member('a wrong checksum', /checksum/, { crc: 1 }),
  member('a wrong checksum of an empty member', /checksum/, { data: '', method: 0, crc: 1 }),
  member('a stored member with two sizes', /two different sizes/, { method: 0, sizeBytes: 9 }),
  member('bytes without data', /without data/, { compressedBytes: 0 }),
  member('a packed size that cuts the data', /unpacked|header/, {
    compressedBytes: packed.length - 5,
    local: { compressedBytes: packed.length - 5 },
  }),
  member('another size in the header', /another size/, { local: { sizeBytes: 7 } }),
  member('another packed size in the header', /another size/, { local: { compressedBytes: 7 } }),
  member('another checksum in the header', /another size or checksum/, { local: { crc: 7 } }),
  member('another name in the header', /another name/, { local: { name: 'b.csv' } }),
  member('a longer name in the header', /another name/, { local: { name: 'a.csv.exe' } }),
  member('another method in the header', /another method/, { local: { method: 0 } }),
  member('data that is no deflate stream', /unpacked/, { packed: Buffer.alloc(90, 0xff) }),
  member('a deflate stream without its end', /unpacked/, { packed: packed.subarray(0, -6) }),
  member('a reserved block type', /unpacked/, { packed: Buffer.from([7, 0, 0]) }),
  invalid('one flipped bit in the data', /unpacked|checksum|bytes it claims/, () => {
    const bytes = makeZip([good]);
    bytes[40] = (bytes[40] ?? 0) ^ 4;
    return bytes;
  }),
];

const places: HostileZip[] = [
  invalid('two entries with the same bytes', /shares bytes/, () =>
    makeZip([good, { ...good, name: 'b.csv', headerOffset: 0, isPhantom: true }]),
  ),
  invalid('an entry inside another', /shares bytes/, () => {
    const inner = makeZip([{ ...good, name: 'b.csv' }]).subarray(0, 35 + packed.length);
    const outer: MadeMember = { name: 'a.bin', data: inner, method: 0 };
    return makeZip([outer, { ...good, name: 'b.csv', headerOffset: 35, isPhantom: true }]);
  }),
  invalid('an overlap bomb: 200 entries over one kernel', /shares bytes/, () =>
    makeZip([
      { name: 'a0', data: Buffer.alloc(MIB), method: 0 },
      ...Array.from({ length: 199 }, (_, index) => ({
        name: `a${index + 1}`,
        data: Buffer.alloc(MIB),
        method: 0,
        headerOffset: 0,
        isPhantom: true,
      })),
    ]),
  ),
  member('a header that is not there', /no header where/, { local: { signature: 0x12345678 } }),
  member('a header beyond the end', /beyond the directory/, { headerOffset: 1_000_000 }),
  member('a header inside the directory', /beyond the directory/, { headerOffset: 130 }),
  member('a member that runs into the directory', /runs into/, {
    compressedBytes: packed.length + 50,
  }),
  member('a wrong signature in the directory', /wrong signature/, { signature: 0x02014b51 }),
  member('an entry on another disk', /another part/, { disk: 3 }),
];

const ends: HostileZip[] = [
  invalid('no bytes', /empty \(0 bytes\)/, () => Buffer.alloc(0)),
  invalid('one byte', /not a ZIP/, () => Buffer.from('P')),
  invalid('text', /not a ZIP/, () => Buffer.from('<html>404 Not Found</html>'.repeat(20))),
  invalid('zeros', /not a ZIP/, () => Buffer.alloc(100_000)),
  invalid('a gzip file', /not a ZIP/, () => Buffer.from('1f8b08000000000000030300', 'hex')),
  invalid('an archive without its end', /cut off/, () => makeZip([good]).subarray(0, -30)),
  invalid('an archive without its last byte', /cut off/, () => makeZip([good]).subarray(0, -1)),
  invalid('an archive without its middle', /not where/, () => {
    const bytes = makeZip([{ name: 'a.csv', data: CSV, method: 0 }]);
    return Buffer.concat([bytes.subarray(0, 100), bytes.subarray(200)]);
  }),
  invalid('bytes after the end', /cut off/, () => makeZip([good], { suffix: Buffer.from('x') })),
  invalid('bytes before the first entry that the offsets do not count', /not where/, () =>
    Buffer.concat([Buffer.from('MZ-stub'), makeZip([good])]),
  ),
  invalid('a comment shorter than told', /cut off/, () => makeZip([good], { commentBytes: 5 })),
  invalid('a wrong end signature', /not a ZIP/, () => makeZip([good], { signature: 0x06054b51 })),
  invalid('more entries than told', /more than 1 entries/, () =>
    makeZip([good, { ...good, name: 'b.csv' }], { count: 1 }),
  ),
  invalid('fewer entries than told', /lacks entry/, () => makeZip([good], { count: 2 })),
  invalid('two entry counts', /counts differ/, () => makeZip([good], { countOnDisk: 5 })),
  invalid('a second disk', /several parts/, () => makeZip([good], { disk: 1 })),
  invalid('a directory elsewhere', /not where/, () => makeZip([good], { directoryOffset: 1 })),
  invalid('a directory longer than told', /not where/, () =>
    makeZip([good], { directoryBytes: 12 }),
  ),
  invalid('a name that reaches beyond the directory', /beyond its directory/, () => {
    const bytes = makeZip([good]);
    bytes.writeUInt16LE(9_999, bytes.length - 22 - 51 + 28);
    return bytes;
  }),
];

/** An archive whose end record leaves everything to a ZIP64 record, which may lie. */
function wideZip(lie: (truth: { offset: number; sizeBytes: number; count: number }) => Buffer) {
  return makeZip([good], { count: 0xffff, directoryOffset: FULL, beforeEnd: lie });
}

const zip64: HostileZip[] = [
  invalid('full fields without a ZIP64 record', /ZIP64 end record is missing/, () =>
    makeZip([good], { directoryOffset: FULL }),
  ),
  invalid('a ZIP64 locator that points beyond the archive', /points nowhere/, () =>
    wideZip((truth) => zip64End(truth, 1_000_000)),
  ),
  invalid('a ZIP64 locator that points at an entry', /something else/, () =>
    wideZip((truth) => zip64End(truth, 0)),
  ),
  invalid('a wrong ZIP64 record signature', /something else/, () =>
    wideZip((truth) => zip64End(truth, truth.offset + truth.sizeBytes, { recordSignature: 1 })),
  ),
  invalid('a wrong ZIP64 locator signature', /ZIP64 end record is missing/, () =>
    wideZip((truth) => zip64End(truth, truth.offset + truth.sizeBytes, { locatorSignature: 1 })),
  ),
  invalid('a ZIP64 record of another disk', /several parts/, () =>
    wideZip((truth) => zip64End(truth, truth.offset + truth.sizeBytes, { disk: 2 })),
  ),
  invalid('a ZIP64 number beyond 2^53', /out of range/, () =>
    wideZip((truth) => zip64End(truth, truth.offset + truth.sizeBytes, { wide: 2n ** 60n })),
  ),
  invalid('a ZIP64 record with another count than the plain one', /contradicts/, () =>
    makeZip([good], {
      directoryOffset: FULL,
      beforeEnd: (truth) => zip64End({ ...truth, count: 2 }, truth.offset + truth.sizeBytes),
    }),
  ),
  large('a ZIP64 record that tells of 2^40 entries', /entries/, () =>
    wideZip((truth) => zip64End({ ...truth, count: 2 ** 40 }, truth.offset + truth.sizeBytes)),
  ),
  member('full sizes without a ZIP64 extra field', /extra field is missing/, { sizeBytes: FULL }),
  member('a ZIP64 extra field that is too short', /too short/, {
    sizeBytes: FULL,
    compressedBytes: FULL,
    extra: extraField(1, wide(CSV.length)),
  }),
  member('a ZIP64 extra field without the offset', /too short/, {
    headerOffset: FULL,
    extra: extraField(1, Buffer.alloc(0)),
  }),
  member('a ZIP64 size that the data does not have', /of the 441 bytes|another size/, {
    sizeBytes: FULL,
    extra: extraField(1, wide(441)),
    local: { sizeBytes: FULL },
  }),
  large('a ZIP64 size of 2^50 bytes', /more than \d+ bytes/, () =>
    makeZip([{ ...good, sizeBytes: FULL, extra: extraField(1, wide(2 ** 50)) }]),
  ),
];

const limits: HostileZip[] = [
  large('a ratio bomb of 1000:1', /200:1/, () =>
    makeZip([{ name: 'zeros.csv', data: Buffer.alloc(10 * MIB) }]),
  ),
  large('a ratio bomb behind a good member', /200:1/, () =>
    makeZip([good, { name: 'zeros.bin', data: Buffer.alloc(4 * MIB) }]),
  ),
  large('a member above 256 MiB', /more than 268435456 bytes/, () =>
    makeZip([{ ...good, sizeBytes: 257 * MIB }]),
  ),
  large('1.2 GiB in members of 240 MiB', /bytes in all/, () => {
    const packedMember = Buffer.alloc(2 * MIB);
    return makeZip(
      Array.from({ length: 5 }, (_, index) => ({
        name: `part-${index}`,
        packed: packedMember,
        sizeBytes: 240 * MIB,
      })),
    );
  }),
  large('1,001 entries', /1001 entries/, () =>
    makeZip(Array.from({ length: 1_001 }, (_, index) => ({ name: `f${index}`, data: '' }))),
  ),
  large('100,000 entries', /100000 entries/, () =>
    makeZip(
      Array.from({ length: 100_000 }, (_, index) => ({ name: `f${index}`, method: 0 })),
      {
        countOnDisk: 0xffff,
        beforeEnd: (truth) => zip64End(truth, truth.offset + truth.sizeBytes),
      },
    ),
  ),
  large('a directory of 60 MiB for 1,000 entries', /directory of/, () =>
    makeZip(
      Array.from({ length: 1_000 }, (_, index) => ({
        name: `f${index}`,
        method: 0,
        extra: extraField(0x4242, Buffer.alloc(60_000)),
      })),
    ),
  ),
  large('40 MiB to be unpacked into memory', /into memory/, () =>
    makeZip([{ name: 'a.csv', packed: Buffer.alloc(MIB), sizeBytes: 40 * MIB }]),
  ),
];

/** Every archive that must be refused, by family. */
export const hostileZips: Record<string, readonly HostileZip[]> = {
  names,
  kinds,
  sizes,
  places,
  ends,
  zip64,
  limits,
};
