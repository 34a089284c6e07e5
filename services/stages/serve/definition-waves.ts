/** What a statement defines or changes, by its quoted names. */
const DEFINED =
  /^(?:CREATE DATABASE IF NOT EXISTS|CREATE EXTERNAL TABLE IF NOT EXISTS|ALTER TABLE|CREATE OR REPLACE VIEW)\s+((?:[`"][^`"]+[`"])(?:\.[`"][^`"]+[`"])?)/;

/**
 * The statements in waves: those of one wave need only what the waves before it have defined, so that they can run
 * beside each other. A statement that is not understood waits for all before it, and all behind wait for it.
 */
export function definitionWaves(statements: readonly string[]): string[][] {
  const waves: string[][] = [];
  const defined: { name: string; wave: number }[] = [];
  for (const statement of statements) {
    const text = statement.replaceAll('`', '"');
    const name = DEFINED.exec(statement)?.[1]?.replaceAll('`', '"');
    const needed = defined.filter((one) => one.name === '' || text.includes(one.name));
    const wave =
      name === undefined
        ? waves.length
        : needed.reduce((last, one) => Math.max(last, one.wave + 1), 0);
    (waves[wave] ??= []).push(statement);
    defined.push({ name: name ?? '', wave });
  }
  return waves;
}
