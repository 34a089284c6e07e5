import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { duckdbEngine } from '../../services/adapters/query-engine/duckdb.ts';
import { type OpenEngine, queryEngineContract } from '../contract/query-engine.ts';
import { shutEngineContract } from '../contract/query-engine-shut.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MEMORY_BYTES = 128 * 2 ** 20;

const open: OpenEngine = (request) =>
  duckdbEngine({ ...request, memoryBytesMax: MEMORY_BYTES, threads: 1, connections: 4 });

queryEngineContract('DuckDB', open);
shutEngineContract('DuckDB', open);

it('the bytes of a Parquet file do not depend on threads or connections', async () => {
  await using folder = await tempFolder();
  const folders = [folder.path];
  const files: Buffer[] = [];
  for (const size of [1, 4]) {
    const options = { folders, memoryBytesMax: MEMORY_BYTES, threads: size, connections: size };
    const engine = await duckdbEngine(options);
    const path = `${folder.path}/${size}.parquet`;
    await engine.run('CREATE TABLE t AS SELECT i, sin(i) AS v FROM range(300000) r(i)');
    await engine.run(`COPY (FROM t) TO '${path}' (FORMAT parquet, COMPRESSION snappy)`);
    await engine.close();
    files.push(await readFile(path));
  }
  expect(files[1]?.equals(files[0] ?? Buffer.of())).toBe(true);
});

it('a statement that needs more memory than allowed is too-large', async () => {
  await using folder = await tempFolder();
  const options = { folders: [folder.path], memoryBytesMax: 16 * 2 ** 20, threads: 1 };
  const engine = await duckdbEngine({ ...options, connections: 1 });
  const sql = "SELECT list(i || 'some text to fill memory with') FROM range(3000000) r(i)";
  await expect(engine.run(`CREATE TABLE t AS ${sql}`)).rejects.toMatchObject({ kind: 'too-large' });
  expect((await engine.query('SELECT 1')).rows).toEqual([[1]]);
  await engine.close();
});

it('what does not fit into memory goes to the spill folder and never beside the data', async () => {
  await using data = await tempFolder();
  await using scratch = await tempFolder();
  const options = { folders: [data.path], memoryBytesMax: 48 * 2 ** 20, threads: 1 };
  const sql =
    'CREATE TABLE t AS SELECT md5(i::VARCHAR) AS m, i FROM range(2000000) r(i) ORDER BY m';
  const shut = await duckdbEngine({ ...options, connections: 1 });
  await expect(shut.run(sql)).rejects.toMatchObject({ kind: 'too-large' });
  await shut.close();
  const spillFolder = `${scratch.path}/not/there/.spill`;
  const engine = await duckdbEngine({ ...options, connections: 1, spillFolder });
  await engine.run(sql);
  expect((await readdir(spillFolder)).length).toBeGreaterThan(0);
  expect(await readdir(data.path)).toEqual([]);
  await engine.close();
});

it('an EXPORT that is refused leaves no folder behind, however it is written', async () => {
  await using folder = await tempFolder();
  const options = { folders: [folder.path], memoryBytesMax: MEMORY_BYTES, threads: 1 };
  const engine = await duckdbEngine({ ...options, connections: 1 });
  for (const start of ['EXPORT', ' export', '-- a note\nEXPORT', '/* a note */ Export']) {
    const sql = `${start} DATABASE '${folder.path}/dump'`;
    await expect(engine.select(sql)).rejects.toMatchObject({ kind: 'denied' });
  }
  await engine.close();
  expect(await readdir(folder.path)).toEqual([]);
});
