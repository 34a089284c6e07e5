import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMESPACE = 'commonjs';

/**
 * Gives `await import('package')` the same named exports in the bundle as in Node. Without it,
 * esbuild's code splitting gives a CommonJS package its default export alone, and only the built
 * program fails.
 */
export const commonjsNames = {
  name: 'commonjs-names',
  setup(build) {
    build.onResolve({ filter: /^[@a-z]/ }, async ({ path, kind, importer, resolveDir }) => {
      // Packages know how their own parts are bundled.
      if (kind !== 'dynamic-import' || importer.includes('node_modules')) return undefined;
      const found = await build.resolve(path, { kind: 'import-statement', resolveDir });
      if (found.external || found.errors.length > 0 || !isCommonJs(found.path)) return undefined;
      return { path: found.path, namespace: NAMESPACE };
    });
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, async ({ path }) => ({
      contents: proxyOf(path, await namesOf(path)),
      resolveDir: dirname(path),
    }));
  },
};

/** The names that Node finds, which are those that the tests have seen. */
async function namesOf(path) {
  const names = Object.keys(await import(pathToFileURL(path).href));
  return names.filter((name) => /^\w+$/.test(name) && name !== 'default');
}

/**
 * Some packages export getters that throw for what is deprecated; like Node, the proxy leaves those
 * out.
 */
function proxyOf(path, names) {
  const lines = names.map(
    (name, at) => `const _${at} = get('${name}'); export { _${at} as ${name} };`,
  );
  return [
    `const all = require(${JSON.stringify(path)});`,
    'const get = (name) => { try { return all[name]; } catch { return undefined; } };',
    'export default all;',
    ...lines,
  ].join('\n');
}

function isCommonJs(path) {
  if (/\.[cm]js$/.test(path)) return path.endsWith('.cjs');
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const type = typeOf(join(folder, 'package.json'));
    if (type !== null) return type !== 'module';
  }
  return true;
}

/** The `type` that a package.json states or means; `null` when there is no such file. */
function typeOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).type ?? 'commonjs';
  } catch (error) {
    // A folder without one takes the type of the folder above.
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
