/** The rules of the site beside those of every page. */
export const SITE_STYLE = `
.top { border-bottom: 1px solid var(--line); background: var(--panel); position: relative; z-index: 2; }
.top .wrap { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px 24px; padding-top: 10px; padding-bottom: 10px; }
.crumbs { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 0; margin: 0; padding: 0; font-size: 14px; min-width: 0; }
.crumbs li + li::before { content: "/"; color: var(--soft); padding: 0 8px; }
.crumbs a { color: var(--soft); text-decoration: none; }
.crumbs a:hover { color: var(--accent); text-decoration: underline; }
.crumbs [aria-current] { font-weight: 600; }
.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.search { position: relative; flex: 0 1 320px; }
.search input { width: 100%; font: inherit; font-size: 14px; color: var(--ink); background: var(--paper); padding: 6px 10px;
  border: 1px solid var(--soft); border-radius: 6px; }
.search input::placeholder { color: var(--soft); opacity: 1; }
.found { position: absolute; right: 0; top: calc(100% + 6px); width: min(560px, calc(100vw - 32px)); background: var(--paper); border-radius: 8px; }
.found:has(:not([hidden])) { border: 1px solid var(--line); box-shadow: 0 8px 28px rgb(0 0 0 / 18%); }
.found p { margin: 0; padding: 8px 14px; color: var(--soft); font-size: 13px; }
.found ul { list-style: none; margin: 0; padding: 0 0 6px; max-height: 60vh; overflow-y: auto; }
.found a { display: block; padding: 6px 14px; text-decoration: none; color: var(--ink); }
.found a:hover, .found a:focus { background: var(--panel); }
.found a:focus-visible { outline-offset: -2px; }
.found strong { display: block; font-weight: 600; }
.found span { display: block; color: var(--soft); font-size: 13px; }
.datasets { margin-top: 22px; }
.datasets caption { color: var(--ink); font-weight: 600; font-size: 14px; }
@media (min-width: 900px) {
  .datasets table { table-layout: fixed; }
  .datasets th:nth-child(1) { width: 43%; } .datasets th:nth-child(2) { width: 7%; } .datasets th:nth-child(3) { width: 10%; }
  .datasets th:nth-child(4) { width: 9%; } .datasets th:nth-child(5) { width: 9%; } .datasets th:nth-child(6) { width: 11%; }
}
.names { min-width: 210px; }
.names > a { font-weight: 600; }
.names .about { display: block; color: var(--soft); font-size: 13px; }
td .mark { font-weight: 500; }
.tag { font-size: 12.5px; white-space: nowrap; color: var(--note); background: var(--note-wash); border-radius: 8px; padding: 1px 8px; }
.trait { font-size: 12.5px; white-space: nowrap; color: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: 0 7px; margin-left: 6px; }
td code { white-space: nowrap; }
pre { margin: 10px 0 14px; padding: 12px 14px; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto;
  font: 13px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: normal; }
pre code { font-size: inherit; }
.graph { padding: 4px 0; }
.graph svg { display: block; }
.graph .edge { fill: none; stroke: var(--three); stroke-width: 1.4; }
.graph .node { fill: var(--panel); stroke: var(--line); stroke-width: 1; }
.graph .node.view { stroke-dasharray: 5 3; stroke: var(--soft); }
.graph .node.table { stroke: var(--soft); }
.graph .node.here { stroke: var(--accent); stroke-width: 2.5; }
.graph text { font-family: inherit; }
.graph .name { fill: var(--ink); font-size: 13px; font-weight: 600; }
.graph a .name { fill: var(--accent); }
.graph .note { fill: var(--soft); font-size: 11.5px; }
.graph a:hover .node { stroke: var(--accent); }
.graph a:focus-visible { outline: none; }
.graph a:focus-visible .node { stroke: var(--accent); stroke-width: 3; }
.states { margin: 0 0 14px; }
.sign { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.sign.done { color: var(--good); } .sign.missing { color: var(--soft); } .sign.failed { color: var(--bad); }
.sign.stale { color: var(--note); } .sign.running { color: var(--accent); }
.grid { list-style: none; margin: 0; padding: 0; font: 15px/1.25 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: nowrap; }
.grid .period { color: var(--soft); font-size: 13px; display: inline-block; width: 76px; }
.about { color: var(--soft); font-size: 13px; margin: 0 0 6px; }
.lead a { white-space: nowrap; }
.open { margin-top: 18px; }
.steps { margin: 0; padding-left: 22px; }
.steps li { padding: 2px 0; }
.steps code { font-weight: 600; }
.matrix td, .matrix th { padding: 3px 4px; }
.matrix tbody th { position: sticky; left: 0; background: var(--paper); padding-right: 16px; color: var(--ink); font-weight: 400; }
.matrix td, .matrix thead th:not(:first-child) { text-align: center; min-width: 46px; }
.matrix td span { display: inline-block; min-width: 30px; border-radius: 4px; padding: 0 5px; font-size: 12.5px; }
.list { margin: 8px 0 0; padding-left: 20px; }
@media (max-width: 600px) {
  .search { flex-basis: 100%; }
  .names { min-width: 170px; }
  .grid { font-size: 12px; }
  .grid .period { font-size: 12px; width: 62px; }
  .columns thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .columns tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 12px; padding: 8px 0; border-bottom: 1px solid var(--rule); }
  .columns td { display: block; border: 0; padding: 0; }
  .columns td:first-child { white-space: normal; font-weight: 600; }
  .columns td:first-child code { white-space: normal; }
  .columns td:nth-child(3), .columns td:last-child { grid-column: 1 / -1; }
  .columns td:has(> .none) { display: none; }
}
@media print { .top .search { display: none; } .graph svg { max-width: 100%; height: auto; } pre { white-space: pre-wrap; } }
`;
