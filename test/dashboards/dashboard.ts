/** What is looked at of Grafana's dashboard JSON. */
export interface Dashboard {
  uid: string;
  title: string;
  description: string;
  tags: string[];
  schemaVersion: number;
  links: { tags: string[] }[];
  templating: { list: { name: string; type: string; datasource?: { uid: string } }[] };
  panels: Panel[];
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  collapsed?: boolean;
  datasource?: { type: string; uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: {
    defaults: { unit?: string };
    overrides: { matcher: { options: string }; properties: { id: string; value: unknown }[] }[];
  };
  targets?: { refId: string; expr: string; instant: boolean; datasource: { uid: string } }[];
  panels?: Panel[];
}

/** Every panel that shows something, those of collapsed rows too. */
export function shownPanels(dashboard: Dashboard): Panel[] {
  return dashboard.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : panel));
}

/** Every query of a dashboard, with variables put in as Grafana does when all pipelines are chosen. */
export function dashboardQueries(text: string): { title: string; expr: string }[] {
  const dashboard = JSON.parse(text) as Dashboard;
  return shownPanels(dashboard).flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr: withVariables(expr) })),
  );
}

const VARIABLES: Readonly<Record<string, string>> = {
  pipeline: '.*',
  __range: '1h',
  __rate_interval: '1m',
  __interval: '15s',
};

function withVariables(expr: string): string {
  return expr.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => VARIABLES[name] ?? whole);
}
