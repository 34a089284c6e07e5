/** The user that owns nothing, on every system that has a superuser. */
const NOBODY = 65_534;

/**
 * Does the work without the rights of the superuser, who may read everything: tests of what may not be read run as one
 * on build machines. Others already have no such rights.
 */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const { seteuid } = process;
  if (seteuid === undefined || process.geteuid?.() !== 0) return work();
  seteuid(NOBODY);
  try {
    return await work();
  } finally {
    seteuid(0);
  }
}
