import { posix } from 'node:path';

/** A source file, its path from the root of the repository with `/` between names. */
export interface SourceFile {
  path: string;
  text: string;
}

/** What each room may import from (services/README.md); every room may import from itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ports: ['core'],
  layers: ['core', 'ports'],
  adapters: ['core', 'ports'],
  stages: ['core', 'ports'],
  pipelines: ['core', 'ports', 'stages'],
  runner: ['core', 'ports'],
  events: ['core', 'ports'],
  telemetry: ['core', 'ports'],
  sample: ['core'],
  cli: [
    'core',
    'ports',
    'layers',
    'adapters',
    'stages',
    'pipelines',
    'runner',
    'events',
    'telemetry',
    'sample',
  ],
};

/**
 * Where each npm package may be imported: a beginning of paths. A package that is not here may not
 * be imported.
 */
const PACKAGES: readonly (readonly [name: RegExp, ...places: string[]])[] = [
  [/^@aws-sdk\//, 'adapters/'],
  [/^@duckdb\//, 'adapters/query-engine/'],
  [/^@kubernetes\/client-node$/, 'adapters/workflow-engine/'],
  [/^minio$/, 'adapters/bucket-events/'],
  [/^unzipper$/, 'stages/land/'],
  [/^(?:winston|prom-client)$/, 'telemetry/'],
  [/^commander$/, 'cli/'],
  [/^zod(?:\/mini)?$/, 'cli/config/'],
  [/^yaml$/, 'runner/'],
  [/^node-html-parser$/, 'pipelines/fama-french/'],
  [/^fflate$/, 'sample/'],
  [/^p-limit$/, 'stages/', 'pipelines/'],
  [/^csv-stringify(?:\/sync)?$/, 'cli/view/text-table', 'pipelines/', 'stages/'],
  [/^csv-parse(?:\/sync)?$/, 'pipelines/', 'stages/'],
  [/^(?:pg|pg-copy-streams|@electric-sql\/pglite)$/, 'adapters/warehouse/'],
  [/^nodemailer$/, 'adapters/notifier/'],
];

/** The one type of prom-client that the CLI passes on from telemetry to telemetry. */
const TYPE_ONLY: Readonly<Record<string, string>> = { 'prom-client': 'cli/run/emit-metrics' };

const LINE_COUNT_MAX = 300;
const BANNED_NAME = /^(?:utils?|helpers?|common|shared|lib|misc)(?:\.ts)?$/;
const KEBAB_NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.d)?(?:\.ts|\.sql)?$/;

/** What only some rooms may do: the pattern, the places where it is allowed, what to say. */
const DEEDS: readonly (readonly [deed: RegExp, allowed: RegExp, fault: string])[] = [
  [
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\(|\bhrtime\b/,
    /^services\/adapters\/clock\//,
    'reads the machine: time and chance come from the clock port and `random`',
  ],
  [/\beval\s*\(|\bnew Function\b/, /^$/, 'runs text as code'],
  [/\bprocess\.(?:env|argv)\b/, /^services\/(?:cli|adapters)\//, 'reads the environment'],
  [/^export default\b/m, /\.d\.ts$/, 'has a default export'],
  [/catch\s*(?:\([^)]*\)\s*)?\{\s*\}/, /^$/, 'has an empty catch'],
];

/**
 * Every breach of the floor plan in these files, as `path: what is wrong`; empty for a house in
 * order.
 */
export function floorPlanFaults(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const imports = importsOf(file.text);
    const say = (fault: string): void => void faults.push(`${file.path}: ${fault}`);
    for (const fault of [...nameFaults(file.path), ...textFaults(file)]) say(fault);
    for (const found of imports) for (const fault of importFaults(file.path, found)) say(fault);
    const targets = imports.filter(({ isType, name }) => !isType && name.startsWith('.'));
    graph.set(
      file.path,
      targets.map(({ name }) => resolve(file.path, name)),
    );
  }
  return [...faults, ...cycleFaults(graph)];
}

interface Import {
  name: string;
  isType: boolean;
}

const IMPORT = new RegExp(
  [
    String.raw`(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;'"]*?\bfrom\s+['"]([^'"]+)['"]`,
    String.raw`(?:^|\n)\s*import\s+['"]([^'"]+)['"]`,
    String.raw`\bimport\(\s*['"]([^'"]+)['"]`,
  ].join('|'),
  'g',
);

function importsOf(text: string): Import[] {
  return [...withoutComments(text).matchAll(IMPORT)].map(([, type, from, bare, dynamic]) => ({
    name: from ?? bare ?? dynamic ?? '',
    isType: type !== undefined,
  }));
}

function importFaults(path: string, { name, isType }: Import): string[] {
  if (name.startsWith('node:')) return [];
  const place = path.replace(/^services\//, '');
  if (!name.startsWith('.')) {
    const places = PACKAGES.find(([pattern]) => pattern.test(name))?.slice(1) as
      | string[]
      | undefined;
    if (places === undefined) return [`imports ${name}, which the floor plan does not know`];
    const typePlace = isType ? TYPE_ONLY[name] : undefined;
    const isAllowed = [...places, ...(typePlace === undefined ? [] : [typePlace])].some((start) =>
      place.startsWith(start),
    );
    return isAllowed ? [] : [`imports ${name}, which belongs in ${places.join(' and ')}`];
  }
  const target = resolve(path, name);
  const [room, targetRoom] = [roomOf(path), roomOf(target)];
  if (room === targetRoom) return sameRoomFaults(path, target);
  if (!(ARROWS[room] ?? []).includes(targetRoom)) return [`${room} must not import ${target}`];
  const isWire = place.startsWith('cli/wire/');
  return targetRoom === 'adapters' && !isWire ? [`only cli/wire/ imports ${target}`] : [];
}

/** A pipeline never sees another pipeline. */
function sameRoomFaults(path: string, target: string): string[] {
  const [, room, wing] = path.split('/');
  const isOther = room === 'pipelines' && target.split('/')[2] !== wing;
  return isOther ? [`one pipeline must not import another: ${target}`] : [];
}

function nameFaults(path: string): string[] {
  const names = path.split('/');
  const faults: string[] = [];
  if (names.some((name) => BANNED_NAME.test(name))) faults.push('has a name that says nothing');
  if (!names.every((name) => KEBAB_NAME.test(name))) faults.push('is not named in kebab-case');
  const isPipeline = /^services\/pipelines\/[^/]+\/index\.ts$/.test(path);
  if (names.at(-1) === 'index.ts' && !isPipeline) faults.push('only a pipeline has an index.ts');
  if (names.length > 2 && ARROWS[names[1] ?? ''] === undefined) faults.push('is in no known room');
  return faults;
}

function textFaults({ path, text }: SourceFile): string[] {
  const code = withoutComments(text);
  const faults = DEEDS.filter(([deed, allowed]) => deed.test(code) && !allowed.test(path)).map(
    ([, , fault]) => fault,
  );
  const lineCount = text.split('\n').length - 1;
  if (lineCount > LINE_COUNT_MAX) faults.push(`has ${lineCount} lines, above ${LINE_COUNT_MAX}`);
  return faults;
}

/** Each file that leads back to itself through imports that exist at run time. */
function cycleFaults(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const faults: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) faults.push(`${path}: imports itself: ${[...trail.slice(at), path].join(' → ')}`);
    if (at >= 0 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return faults;
}

function resolve(path: string, name: string): string {
  return posix.join(posix.dirname(path), name);
}

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

/**
 * Comments are replaced by spaces; a `//` inside a string, as in an address, is left alone when a
 * `:` is before it.
 */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|[\s;{}(),])\/\/[^\n]*/g, '$1');
}
