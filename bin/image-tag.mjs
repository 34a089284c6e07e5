import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TAG_CHARACTERS = 12;

/** A tag that changes exactly when something that the Dockerfile is given does; never `latest`. */
export function contentTag(root) {
  const hash = createHash('sha256');
  const inputs = readFileSync(join(root, '.dockerignore'), 'utf8').match(/(?<=^!).+/gm) ?? [];
  for (const name of inputs.flatMap((input) => filesOf(root, input))) {
    const content = createHash('sha256').update(readFileSync(join(root, name)));
    hash.update(`${name}\0${content.digest('hex')}\n`);
  }
  return hash.digest('hex').slice(0, TAG_CHARACTERS);
}

function filesOf(root, name) {
  if (name.endsWith('/*.mjs')) {
    return filesOf(root, dirname(name)).filter(
      (one) => dirname(one) === dirname(name) && one.endsWith('.mjs'),
    );
  }
  const found = lstatSync(join(root, name));
  if (!found.isDirectory()) return found.isFile() ? [name] : [];
  const names = readdirSync(join(root, name)).toSorted((a, b) => (a < b ? -1 : 1));
  return names.flatMap((inner) => filesOf(root, `${name}/${inner}`));
}
