import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CataloguePipeline } from '../../../services/stages/observe/catalogue/catalogue.ts';
import { renderSite } from '../../../services/stages/observe/site/render-site.ts';
import { PipelineError } from '../../../services/core/error.ts';
import {
  column,
  entryOf,
  HOSTILE,
  hostileEntries,
  pipelineOf,
  runRecord,
  siteOf,
} from '../../support/catalogue.ts';

function filesOf(pipelines: readonly CataloguePipeline[]): Map<string, string> {
  return new Map(Array.from(renderSite(siteOf(pipelines)), ({ path, text }) => [path, text]));
}

/** Addresses in a page that lead nowhere. */
function deadLinks(files: ReadonlyMap<string, string>): string[] {
  const dead: string[] = [];
  for (const [path, text] of files) {
    if (!path.endsWith('.html')) continue;
    for (const [, href = ''] of text.matchAll(/<a (?:class="skip" )?href="([^"]*)"/g)) {
      const [page = '', id] = href.split('#');
      const target = page === '' ? path : posix.join(posix.dirname(path), page);
      const found = files.get(target);
      if (found === undefined || (id !== undefined && !found.includes(`id="${id}"`)))
        dead.push(`${path}: ${href}`);
    }
  }
  return dead;
}

describe('the site', () => {
  const files = filesOf([
    pipelineOf(),
    pipelineOf({ name: 'idle', hasRun: false, runs: [], entries: [] }),
  ]);

  it('has a page for each pipeline and dataset, the index last, and no link that leads nowhere', () => {
    expect([...files.keys()]).toEqual([
      'datasets/shop.lake.raw.html',
      'datasets/shop.lake.sales.html',
      'datasets/shop.lake.sums.html',
      'pipelines/shop.html',
      'pipelines/idle.html',
      'search-index.js',
      'index.html',
    ]);
    expect(deadLinks(files)).toEqual([]);
  });

  it('is the same bytes for the same store and moment', () => {
    expect(filesOf([pipelineOf()])).toEqual(filesOf([pipelineOf()]));
  });

  it('names no other host', () => {
    for (const [path, text] of files) {
      const hosts = Array.from(text.matchAll(/(?:https?:)?\/\/[\w.-]+\.\w+/g), ([host]) => host);
      expect({ path, hosts: hosts.filter((host) => host !== 'http://www.w3.org') }).toEqual({
        path,
        hosts: [],
      });
    }
  });

  it('tells of a dataset its columns with tags, its facts, its newest partition, its ends of lineage', () => {
    const page = files.get('datasets/shop.lake.sales.html') ?? '';
    expect(page).toContain('person-id');
    expect(page).toContain('1,234');
    expect(page).toContain('1 h ago');
    expect(page).toContain('WHERE year = 2026 AND month = 1 AND day = 31');
    expect(page).toContain('href="../datasets/shop.lake.raw.html"');
    expect(page).toContain('href="../datasets/shop.lake.sums.html"');
    expect(page).toContain('sales-unique');
    expect(page).not.toContain('Definition');
    expect(files.get('datasets/shop.lake.sums.html')).toContain('SELECT 1\nFROM x');
  });

  it('says which pipeline failed last and which could not be read', () => {
    const failed = runRecord({ status: 'failed', error_message: 'the gate is shut' });
    const fault = new PipelineError('denied', 'the bucket may not be read');
    const found = filesOf([
      pipelineOf({ runs: [failed] }),
      pipelineOf({ name: 'other', entries: [], faults: [fault] }),
    ]);
    for (const path of ['index.html', 'pipelines/shop.html'])
      expect(found.get(path)).toContain('the gate is shut');
    for (const path of ['index.html', 'pipelines/other.html'])
      expect(found.get(path)).toContain('the bucket may not be read');
  });
});

describe('what comes from outside', () => {
  const files = filesOf([
    pipelineOf({
      entries: hostileEntries(),
      runs: [runRecord({ status: 'failed', error_message: HOSTILE[0], run_id: HOSTILE[1] })],
    }),
  ]);

  it('is text in every page, and its pages have plain addresses that no two share', () => {
    for (const [path, text] of files) {
      expect(path).toMatch(/^[\w./-]{1,160}$/);
      if (!path.endsWith('.html')) continue;
      expect(text.match(/<script/g)).toHaveLength(1);
      expect(text).not.toMatch(/<img|‮/);
    }
    expect(files.size).toBe(HOSTILE.length + 3);
    expect(deadLinks(files)).toEqual([]);
  });

  it('is data in the index of the search', () => {
    const text = files.get('search-index.js') ?? '';
    const index: unknown = JSON.parse(text.slice(text.indexOf('=') + 1, text.lastIndexOf(';')));
    expect(index).toHaveLength(HOSTILE.length);
    expect(text).not.toContain('‮');
  });

  it('can be pasted into a shell', () => {
    const odd = entryOf('x', { dataset: { name: `a'b"c$d` }, id: 'lake.x' });
    const page = filesOf([pipelineOf({ entries: [odd] })]).get('datasets/shop.lake.x.html') ?? '';
    expect(page).toContain(
      `argosy query &#39;SELECT * FROM lake.&quot;a&#39;\\&#39;&#39;b&quot;&quot;c$d&quot; LIMIT 10&#39;`,
    );
  });
});

describe('a large catalogue', () => {
  it('of 500 datasets is made in less than 2 s of CPU, each page bounded', () => {
    const day = (at: number) => new Date(at * 86_400_000).toISOString().slice(0, 10);
    const partitions = Array.from({ length: 365 }, (_, at) => ({
      partition: `day=${day(20_000 + at)}`,
      rows: 1,
      sizeBytes: 1,
      objects: 1,
    }));
    const columns = Array.from({ length: 20 }, (_, at) => column(`c${at}`));
    const facts = {
      rows: 1,
      sizeBytes: 1,
      objects: 1,
      newest: null,
      publishedAt: null,
      partitions,
    };
    const entries = Array.from({ length: 500 }, (_, at) =>
      entryOf(`t${at}`, { facts, from: ['source:files'], dataset: { columns } }),
    );
    const before = process.cpuUsage();
    const files = filesOf([pipelineOf({ entries, runs: Array(30).fill(runRecord()) })]);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(2);
    expect(files.size).toBe(503);
    const sizes = [...files].map(([path, { length }]) => ({ path, length }));
    expect(sizes.filter(({ length }) => length > 500_000)).toEqual([]);
    const datasets = sizes.filter(({ path }) => path.startsWith('datasets/'));
    expect(datasets.filter(({ length }) => length > 100_000)).toEqual([]);
    const graph = files.get('pipelines/shop.html') ?? '';
    expect(graph).toContain('492 more');
  });
});
