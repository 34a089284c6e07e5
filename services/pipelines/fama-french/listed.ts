import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteText } from '../../core/column.ts';
import type { TableObject } from '../../core/dataset.ts';
import { sha256 } from '../../core/manifest.ts';
import { keepInCache, type ServePorts } from '../../stages/serve/localise.ts';

/** What the map tells of an object that readers see. */
type Listed = [key: string, sha256: string, rows: number, vintage: string];

const FOLDER = 'listed';

/**
 * The objects that a map lists as good, up to a day. What a map says is kept beside the cached objects under its hash,
 * for opening an engine only to read it would take longer than answering most questions.
 */
export async function listedObjects(
  ports: ServePorts,
  map: Uint8Array,
  asOf: string | null,
): Promise<TableObject[]> {
  // Kept there, these very bytes are also what `data_ingestion_map` is opened on, though a run may replace the object.
  const path = await keepInCache(ports.cache, map);
  const name = `${sha256(map)}.json`;
  const all =
    (await readKept(ports, name)) ?? (await keep(ports, name, await readMap(ports, path)));
  return all
    .filter(([, , , vintage]) => asOf === null || vintage <= asOf)
    .map(([key, hash, rows, vintage]) => ({
      key,
      sha256: hash,
      rows,
      partition: `ingestion_date=${vintage}`,
    }));
}

async function readMap(ports: ServePorts, path: string): Promise<Listed[]> {
  const engine = await ports.openEngine([ports.cache]);
  try {
    const { rows } = await engine.query(
      `SELECT file_path, content_sha256, record_count, ingestion_date FROM read_parquet(${quoteText(path)})
       WHERE status = 'success' ORDER BY file_path`,
    );
    return rows.map(([filePath, hash, count, vintage]) => [
      keyOf(String(filePath)),
      String(hash),
      Number(count),
      String(vintage),
    ]);
  } finally {
    await engine.close();
  }
}

/** The map holds whole addresses; the key begins at the prefix of the table, wherever the bucket has moved to. */
function keyOf(filePath: string): string {
  return filePath.slice(filePath.lastIndexOf('transformed_data/'));
}

async function readKept({ cache }: ServePorts, name: string): Promise<Listed[] | null> {
  const text = await readFile(join(cache, FOLDER, name), 'utf8').catch(() => null);
  try {
    const found: unknown = JSON.parse(text ?? 'null');
    return Array.isArray(found) && found.every(isListed) ? found : null;
  } catch {
    // Damaged: the map itself is read again.
    return null;
  }
}

function isListed(value: unknown): value is Listed {
  if (!Array.isArray(value)) return false;
  const [key, hash, rows, vintage] = value as unknown[];
  return [key, hash, vintage].every((one) => typeof one === 'string') && typeof rows === 'number';
}

/** Whole or not at all, whoever else keeps the same at that moment. */
async function keep({ cache }: ServePorts, name: string, all: Listed[]): Promise<Listed[]> {
  await mkdir(join(cache, FOLDER), { recursive: true });
  const own = await mkdtemp(join(cache, 'listed-'));
  try {
    await writeFile(join(own, name), JSON.stringify(all));
    await rename(join(own, name), join(cache, FOLDER, name));
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return all;
}
