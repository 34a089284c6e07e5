// Prints helm/argosy/README.md's table of values, from the comments in values.yaml, into the README between two marks.
// With --check nothing is written; the exit code is 1 when the table is not that of values.yaml.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../helm/argosy/', import.meta.url));
const MARKS = ['<!-- values: begin -->', '<!-- values: end -->'];

/** Every key of values.yaml in its order: path, what it means (empty without a comment), default (null for a section). */
export function keysOf(text) {
  const keys = [];
  const trail = [];
  let meaning = '';
  for (const line of text.split('\n')) {
    const comment = /^\s*# ?(--)? ?(.*)$/.exec(line);
    if (comment) {
      if (comment[1]) meaning = comment[2];
      else if (meaning) meaning += ` ${comment[2]}`;
      continue;
    }
    const pair = /^( *)([\w.-]+):(?: (.*))?$/.exec(line);
    if (pair) {
      trail.length = pair[1].length / 2;
      trail.push(pair[2]);
      keys.push({ path: trail.join('.'), meaning, value: pair[3] ?? null });
    }
    meaning = '';
  }
  return keys;
}

export function tableOf(text) {
  const rows = keysOf(text).map(({ path, meaning, value }) => {
    const shown = value === null ? '' : `\`${value}\``;
    return `| \`${path}\` | ${meaning.replaceAll('|', '\\|')} | ${shown} |`;
  });
  return ['| Key | Meaning | Default |', '| --- | --- | --- |', ...rows].join('\n');
}

export function readmeWith(readme, table) {
  const [begin, end] = MARKS.map((mark) => readme.indexOf(mark));
  if (begin < 0 || end < begin) throw new Error(`README.md lacks ${MARKS.join(' and ')}`);
  return `${readme.slice(0, begin + MARKS[0].length)}\n\n${table}\n\n${readme.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = `${FOLDER}README.md`;
  const readme = readFileSync(path, 'utf8');
  const wanted = readmeWith(readme, tableOf(readFileSync(`${FOLDER}values.yaml`, 'utf8')));
  if (!process.argv.includes('--check')) writeFileSync(path, wanted);
  else if (wanted !== readme) {
    process.stderr.write('helm/argosy/README.md: run node bin/chart-readme.mjs\n');
    process.exitCode = 1;
  }
}
