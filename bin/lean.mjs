import { dirname, join } from 'node:path';

/** A package whose modules do nothing but declare, so that what nobody uses of them can be left out. */
const DECLARES_ONLY = /[\\/]node_modules[\\/]@kubernetes[\\/]client-node[\\/]dist[\\/]/;

/**
 * Leaves out of the bundle what is not used of the Kubernetes client, which does not say that its modules have no side
 * effects: several hundred generated models. Within the package, imports name files in full, so that nothing has to be
 * searched for.
 */
export const leanPackages = {
  name: 'lean-packages',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, importer }) =>
      DECLARES_ONLY.test(importer)
        ? { path: join(dirname(importer), path), sideEffects: false }
        : undefined,
    );
  },
};
