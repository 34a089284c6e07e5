import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../services/telemetry/metric-table.ts';
import { type Dashboard, type Panel, shownPanels } from './dashboard.ts';

const FOLDER = fileURLToPath(new URL('../../helm/argosy/files/dashboards/', import.meta.url));
const GENERATOR = new URL('../../bin/dashboards.mjs', import.meta.url);
const NAMES = ['cost.json', 'health.json', 'performance.json', 'quality.json'];
const SIZE_BYTES_MAX = 100_000;
/** Units that Grafana knows, of those that are used. */
const UNITS = /^(?:short|locale|s|bytes|Bps|percentunit|currencyUSD|dateTimeFromNow)$/;

const textOf = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const read = (name: string) => JSON.parse(textOf(name)) as Dashboard;

describe('the folder of dashboards', () => {
  it('holds four dashboards, as bin/dashboards.mjs makes them', async () => {
    const { DASHBOARDS } = (await import(GENERATOR.href)) as {
      DASHBOARDS: Record<string, string>;
    };
    expect(readdirSync(FOLDER).toSorted()).toEqual(NAMES);
    for (const name of NAMES) expect(textOf(name)).toBe(DASHBOARDS[name]);
  });

  it('gives each a uid, a title and links to the others', () => {
    const all = NAMES.map(read);
    expect(all.map(({ uid }) => uid)).toEqual([
      'argosy-cost',
      'argosy-health',
      'argosy-performance',
      'argosy-quality',
    ]);
    for (const { title, description, tags, links } of all) {
      expect(title).toMatch(/^argosy \/ /);
      expect(description).not.toBe('');
      expect(tags).toContain('argosy');
      expect(links.flatMap((link) => link.tags)).toContain('argosy');
    }
  });
});

describe.each(NAMES)('%s', (name) => {
  const dashboard = read(name);
  const shown = shownPanels(dashboard);
  const everything = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);

  it('has a variable for the data source and one for the pipeline, and no address in it', () => {
    const { list } = dashboard.templating;
    expect(list.map(({ name: variable, type }) => [variable, type])).toEqual([
      ['datasource', 'datasource'],
      ['pipeline', 'query'],
    ]);
    expect(textOf(name)).not.toMatch(/https?:/);
    expect(Buffer.byteLength(textOf(name))).toBeLessThan(SIZE_BYTES_MAX);
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
  });

  it('has ids of its own for all panels, and a title, a description and a known unit for each', () => {
    expect(new Set(everything.map(({ id }) => id)).size).toBe(everything.length);
    for (const panel of shown) {
      expect(panel.title).not.toBe('');
      expect(panel.description).toMatch(/^[A-Za-z0-9].*\.$/);
      for (const unit of unitsOf(panel)) expect(unit).toMatch(UNITS);
    }
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
  });

  it('asks only by the data source variable, with one letter for each query', () => {
    for (const { datasource, targets = [] } of shown) {
      expect(datasource?.uid).toBe('${datasource}');
      expect(targets.length).toBeGreaterThan(0);
      expect(targets.map(({ refId }) => refId)).toEqual(
        Array.from('ABCDEFGH').slice(0, targets.length),
      );
      for (const target of targets) expect(target.datasource.uid).toBe('${datasource}');
    }
  });

  it('asks for what is now by instant queries, and for lines by range queries', () => {
    for (const { type, targets = [] } of shown) {
      expect(['stat', 'table', 'timeseries']).toContain(type);
      for (const { instant } of targets) expect(instant).toBe(type !== 'timeseries');
    }
  });

  it('knows every metric of argosy that it asks for, and keeps to the chosen pipelines', () => {
    const ours = new Set<string>(Object.keys(METRICS));
    const rules = ['argosy_pipeline_period_seconds', 'argosy_pipeline_budget_usd_per_day'];
    for (const { targets = [] } of shown) {
      for (const { expr } of targets) {
        for (const [metric] of expr.matchAll(/\bargosy_\w+/g)) {
          expect([...ours, ...rules]).toContain(metric);
        }
      }
    }
    const asking = shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const ofAll = asking.filter(
      (expr) => /\bargosy_/.test(expr) && !expr.includes('pipeline=~"$pipeline"'),
    );
    expect(ofAll).toEqual([]);
  });

  it('leaves no gap and no overlap in its grid', () => {
    const cells = new Map<string, string>();
    const open = dashboard.panels.filter((panel) => panel.collapsed !== true);
    for (const panel of open) fill(cells, panel);
    const bottom = Math.max(...open.map(({ gridPos }) => gridPos.y + gridPos.h));
    const collapsed = dashboard.panels.filter((panel) => panel.collapsed === true);
    for (const panel of collapsed) {
      expect(panel.gridPos.y).toBe(bottom);
      const inside = new Map<string, string>();
      for (const one of panel.panels ?? []) fill(inside, one);
      expect(inside.size % 24).toBe(0);
    }
    expect(cells.size).toBe(bottom * 24);
  });
});

function fill(cells: Map<string, string>, { title, gridPos }: Panel): void {
  for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
    for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
      expect(cells.get(`${x},${y}`), `${title} overlaps at ${x},${y}`).toBeUndefined();
      cells.set(`${x},${y}`, title);
    }
  }
}

/** The unit of a panel, and those of a table's columns. */
function unitsOf({ fieldConfig }: Panel): string[] {
  const own = fieldConfig?.defaults.unit ?? 'none';
  const columns = fieldConfig?.overrides.flatMap(({ properties }) => properties) ?? [];
  return [own, ...columns.filter(({ id }) => id === 'unit').map(({ value }) => String(value))];
}
