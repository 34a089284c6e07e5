/** Builders for Grafana's dashboard JSON, so that the dashboards beside this file read as what they show. */

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const WIDTH = 24;

/** Colours by value: `levels([['green', null], ['red', 1]])` turns red from 1 on. */
export const levels = (steps) => ({
  mode: 'absolute',
  steps: steps.map(([color, value]) => ({ color, value })),
});

export const GOOD_WHEN_ZERO = levels([
  ['green', null],
  ['red', 1],
]);
export const PLAIN = levels([['blue', null]]);

/** 1 and 0 as words. */
export const STATUS = [
  {
    type: 'value',
    options: {
      0: { text: 'failed', color: 'red', index: 0 },
      1: { text: 'success', color: 'green', index: 1 },
    },
  },
];

/** One number as it is now. `expr` is an instant query. */
export function stat({ title, description, unit, expr, thresholds = PLAIN, decimals, w = 6 }) {
  return {
    type: 'stat',
    title,
    description,
    size: [w, 4],
    fieldConfig: {
      defaults: {
        unit,
        ...(decimals === undefined ? {} : { decimals }),
        color: { mode: 'thresholds' },
        thresholds,
        mappings: [],
        noValue: '–',
      },
      overrides: [],
    },
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      textMode: 'value',
    },
    targets: [{ expr, instant: true, range: false }],
  };
}

/** Lines over time; `targets` are pairs of a query and its legend. */
export function series({
  title,
  description,
  unit,
  targets,
  w = 12,
  h = 8,
  isStepped = false,
  min = 0,
  ...more
}) {
  const { max, thresholds = PLAIN, mappings = [], stack = 'none' } = more;
  return {
    type: 'timeseries',
    title,
    description,
    size: [w, h],
    fieldConfig: {
      defaults: {
        unit,
        min,
        ...(max === undefined ? {} : { max }),
        color: { mode: 'palette-classic' },
        thresholds,
        mappings,
        custom: {
          drawStyle: 'line',
          lineInterpolation: isStepped ? 'stepAfter' : 'linear',
          lineWidth: 2,
          fillOpacity: stack === 'none' ? 5 : 30,
          showPoints: 'never',
          spanNulls: true,
          stacking: { mode: stack, group: 'A' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: targets.map(([expr, legendFormat]) => ({
      expr,
      legendFormat,
      instant: false,
      range: true,
    })),
  };
}

/**
 * A table with one row for each set of `labels`. Columns are instant queries:
 * `{ name, expr, unit, thresholds?, mappings? }`.
 */
export function table({ title, description, labels, columns, w = 24, h = 8, sortBy }) {
  const valueOf = (at) => (columns.length === 1 ? 'Value' : `Value #${refId(at)}`);
  return {
    type: 'table',
    title,
    description,
    size: [w, h],
    fieldConfig: {
      defaults: { unit: 'short', custom: { align: 'auto', filterable: true }, thresholds: PLAIN },
      overrides: columns.map(({ name, unit, thresholds, mappings, decimals }) => ({
        matcher: { id: 'byName', options: name },
        properties: [
          { id: 'unit', value: unit },
          ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
          ...(thresholds ? [{ id: 'thresholds', value: thresholds }] : []),
          ...(mappings ? [{ id: 'mappings', value: mappings }] : []),
          ...(thresholds || mappings
            ? [{ id: 'custom.cellOptions', value: { type: 'color-text' } }]
            : []),
        ],
      })),
    },
    options: {
      showHeader: true,
      cellHeight: 'sm',
      sortBy: sortBy ? [{ displayName: sortBy, desc: true }] : [],
    },
    transformations: [
      ...(columns.length > 1 ? [{ id: 'merge', options: {} }] : []),
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(
            [...labels, ...columns.map((_, at) => valueOf(at))].map((name, at) => [name, at]),
          ),
          renameByName: Object.fromEntries(columns.map(({ name }, at) => [valueOf(at), name])),
        },
      },
    ],
    // Labels that the installation adds (instance, namespace) would make rows of their own.
    targets: columns.map(({ expr }) => ({
      expr: `max by (${labels.join(', ')}) (${expr})`,
      format: 'table',
      instant: true,
      range: false,
    })),
  };
}

/** A headline over the panels that follow; collapsed, it holds them. */
export function row(title, panels, { isCollapsed = false } = {}) {
  return { title, panels, isCollapsed };
}

/** A whole dashboard: rows one under the other, their panels from left to right. */
export function dashboard({ uid, title, description, rows }) {
  let id = 0;
  let y = 0;
  const panels = [];
  for (const { title: rowTitle, panels: inside, isCollapsed } of rows) {
    const head = { id: ++id, type: 'row', title: rowTitle, collapsed: isCollapsed };
    head.gridPos = { h: 1, w: WIDTH, x: 0, y: y++ };
    const placed = place(inside, y).map((panel) => withIds(panel, ++id));
    head.panels = isCollapsed ? placed : [];
    panels.push(head, ...(isCollapsed ? [] : placed));
    if (!isCollapsed) y = Math.max(...placed.map(({ gridPos }) => gridPos.y + gridPos.h));
  }
  return {
    uid,
    title,
    description,
    tags: ['argosy'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-7d', to: 'now' },
    timezone: 'utc',
    links: [
      {
        type: 'dashboards',
        title: 'argosy',
        tags: ['argosy'],
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
      },
    ],
    annotations: { list: [] },
    templating: { list: VARIABLES },
    panels,
  };
}

const VARIABLES = [
  {
    name: 'datasource',
    label: 'Prometheus',
    type: 'datasource',
    query: 'prometheus',
    multi: false,
    includeAll: false,
    hide: 0,
    refresh: 1,
  },
  {
    name: 'pipeline',
    label: 'Pipeline',
    type: 'query',
    datasource: DATASOURCE,
    query: {
      qryType: 1,
      query: 'label_values(argosy_pipeline_last_run_status, pipeline)',
      refId: 'PrometheusVariableQueryEditor-VariableQuery',
    },
    definition: 'label_values(argosy_pipeline_last_run_status, pipeline)',
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    hide: 0,
    refresh: 2,
    sort: 1,
  },
];

function place(panels, top) {
  let x = 0;
  let y = top;
  let height = 0;
  return panels.map(({ size: [w, h], ...panel }) => {
    if (x + w > WIDTH) {
      x = 0;
      y += height;
      height = 0;
    }
    const gridPos = { h, w, x, y };
    x += w;
    height = Math.max(height, h);
    return { ...panel, gridPos };
  });
}

function withIds({ targets, ...panel }, id) {
  return {
    id,
    ...panel,
    datasource: DATASOURCE,
    targets: targets.map((target, at) => ({ refId: refId(at), datasource: DATASOURCE, ...target })),
  };
}

const refId = (at) => String.fromCodePoint(65 + at);
