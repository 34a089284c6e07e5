import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import { spool } from '../../../services/stages/land/feed/spool.ts';
import { describeWith, isEverythingRequired } from '../../support/require-component.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const FOLDER = fileURLToPath(new URL('../../../../shared/data/csv/pollock', import.meta.url));
const archive = join(FOLDER, 'pollock_shared.tar.gz');
const component = {
  name: 'shared/data/csv/pollock',
  path: existsSync(archive) ? archive : null,
  howToGet: 'data beside the checkout',
};

const readRows = (text: string): string[][] => parse(text, { relax_column_count: true, bom: true });

describeWith(component, 'the polluted files of Pollock', (path) => {
  it('are each refused with a reason, or landed as a correct reader reads them', async () => {
    await using folder = await tempFolder();
    // All of them take half a minute on a busy machine: a part of them, but in CI.
    const part = ['file_*', 'row_*1_col*'].flatMap((name) => [`csv/${name}`, `clean/${name}`]);
    const wanted = isEverythingRequired() ? [] : ['--wildcards', ...part];
    const { status } = spawnSync('tar', ['xzf', path, '-C', folder.path, ...wanted]);
    expect(status).toBe(0);
    const [columns = []] = readRows(readFileSync(join(FOLDER, 'source_clean.csv'), 'utf8'));
    const names = readdirSync(join(folder.path, 'csv'));
    expect(names).toHaveLength(isEverythingRequired() ? 1_144 : 138);
    const outcome = { refused: 0, landed: [] as string[], different: [] as string[] };
    for (const name of names) {
      const bytes = readFileSync(join(folder.path, 'csv', name));
      const landed = await spooled(bytes, { path: join(folder.path, 'spooled'), columns });
      if (landed === null) {
        outcome.refused += 1;
        continue;
      }
      const expected = readRows(readFileSync(join(folder.path, 'clean', name), 'utf8'));
      const isSame = JSON.stringify(readRows(landed)) === JSON.stringify(expected);
      outcome[isSame ? 'landed' : 'different'].push(name);
    }
    // A second line of names is a row of data to any reader; its amount is no number, and transform refuses it.
    const isSecondHeader = (name: string): boolean => name.startsWith('file_header_multirow_');
    expect(outcome.different.filter((name) => !isSecondHeader(name))).toEqual([]);
    expect(outcome.landed.length).toBeGreaterThan(0);
    expect(outcome.refused).toBeGreaterThan(names.length * 0.9);
  });
});

/** What lands of a file; null when it is refused. */
async function spooled(
  bytes: Uint8Array,
  request: { path: string; columns: string[] },
): Promise<string | null> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const content = { kind: 'bytes', open: async () => chunks() } as const;
  const feed = { address: 'pollock', etag: 'e', content, verify: async () => undefined };
  try {
    return readFileSync((await spool(feed, { ...request, moment: null })).path, 'utf8');
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'input-invalid') return null;
    throw error;
  }
}
