/**
 * The one style sheet of every page: a palette as variables, light and dark, and no rule that needs a script. Plots are
 * drawn for two widths; a container query shows the one that fits, so that their text is never scaled.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f7f8fa; --ink: #18202b; --soft: #515c6b; --line: #dfe4ea; --rule: #eef1f4;
  --accent: #1d5f93; --good: #1b6b3f; --bad: #b0271d; --note: #855300;
  --one: #2b6ca3; --two: #c2571a; --three: #7a8ca3; --four: #2f8f78; --five: #8a5aa8;
  --good-wash: #eaf5ee; --bad-wash: #fcedeb; --note-wash: #fbf3e2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #10151c; --panel: #171e27; --ink: #e7ebf1; --soft: #a3b0c0; --line: #2c3744; --rule: #1f2832;
    --accent: #7dbbee; --good: #74cc98; --bad: #ff9a90; --note: #e6bb62;
    --one: #6aaee3; --two: #f09a5c; --three: #8b9db3; --four: #5cc4aa; --five: #bf95dc;
    --good-wash: #14271d; --bad-wash: #301a19; --note-wash: #2a2213;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
.wrap { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 16px; top: 8px; background: var(--paper); padding: 4px 8px; z-index: 1; }
header { padding: 40px 0 24px; }
h1 { font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; margin: 0; }
.subtitle { margin: 6px 0 0; color: var(--soft); font-size: 17px; }
.state { margin: 18px 0 0; display: flex; flex-wrap: wrap; gap: 8px; }
.alerts { list-style: none; margin: 14px 0 0; padding: 2px 0 2px 14px; border-left: 3px solid var(--bad); max-width: 80ch; }
.alerts li { padding: 2px 0; }
.alerts .seen { color: var(--soft); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0; padding: 0; }
nav { border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); padding: 10px 0; font-size: 14px; }
nav a { color: var(--soft); text-decoration: none; }
nav a:hover { color: var(--accent); text-decoration: underline; }
.facts { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 22px 0 0; }
.facts dt, .tile dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 0; font-weight: 500; }
section { padding: 36px 0 0; }
h2 { font-size: 20px; line-height: 1.3; font-weight: 620; letter-spacing: -0.01em; margin: 0 0 4px; }
h3 { font-size: 15px; font-weight: 620; margin: 28px 0 8px; }
h3 .count { font-weight: 400; color: var(--soft); }
.lead { margin: 0 0 16px; color: var(--soft); max-width: 70ch; }
.empty { color: var(--soft); margin: 8px 0 0; }
.tiles { display: flex; flex-wrap: wrap; gap: 1px; margin: 28px 0 0;
  background: var(--line); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.tile { background: var(--paper); padding: 14px 16px 12px; flex: 1 1 165px; }
.tile dd { margin: 0; }
.tile .value { font-size: 26px; line-height: 1.25; font-weight: 600; letter-spacing: -0.02em; }
.tile .note { color: var(--soft); font-size: 13px; min-height: 1.55em; }
.mark { display: inline-flex; align-items: center; gap: 6px; font-weight: 600; font-size: 13px; line-height: 20px;
  border-radius: 10px; padding: 0 9px 0 7px; white-space: nowrap; align-self: start; justify-self: start; }
.mark svg { width: 11px; height: 11px; flex: none; }
.good { color: var(--good); background: var(--good-wash); }
.bad { color: var(--bad); background: var(--bad-wash); }
.told { color: var(--note); background: var(--note-wash); }
.mark svg path { stroke: currentColor; stroke-width: 2; fill: none; stroke-linecap: round; stroke-linejoin: round; }
.verdicts { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
.verdicts > li { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 2px 16px; padding: 10px 0;
  border-bottom: 1px solid var(--rule); }
.verdicts .summary { margin: 0; }
.verdicts .summary::first-letter, .alerts li::first-letter { text-transform: uppercase; }
.verdicts code { color: var(--soft); }
.checks { list-style: none; margin: 2px 0 0; padding: 0; font-size: 13.5px; color: var(--soft); }
.checks li { display: grid; grid-template-columns: minmax(0, 1.2fr) minmax(0, 1fr) minmax(0, 1.2fr); gap: 0 16px; }
.checks .label { font-size: 12px; }
.checks .failing { color: var(--bad); font-weight: 600; }
code { font: 0.92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.scroll { overflow-x: auto; max-width: 100%; overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: left; color: var(--soft); font-size: 13px; padding: 0 0 6px; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px; white-space: nowrap; vertical-align: bottom; }
th, td { padding: 6px 20px 6px 0; border-bottom: 1px solid var(--rule); }
thead th { border-bottom-color: var(--line); }
td { vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.short { white-space: nowrap; }
.values { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; min-width: 220px; }
section > :is(figure, .plots) + :is(figure, .plots, .scroll) { margin-top: 28px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 28px 40px; margin: 16px 0 0; }
figure { margin: 0; min-width: 0; container-type: inline-size; }
figcaption { font-weight: 620; font-size: 15px; margin: 0; }
figure .about { color: var(--soft); font-size: 13px; margin: 0 0 10px; }
figure svg.plot { display: none; width: 100%; height: auto; overflow: visible; }
figure svg.narrow { display: block; }
@container (min-width: 440px) { figure svg.narrow { display: none; } figure svg.middle { display: block; } }
@container (min-width: 680px) { figure svg.middle { display: none; } figure svg.wide { display: block; } }
svg.plot text { fill: var(--soft); font-size: 12px; font-family: inherit; }
svg.plot text.strong { fill: var(--ink); }
svg.plot .grid { stroke: var(--rule); stroke-width: 1; }
svg.plot .base { stroke: var(--line); stroke-width: 1; }
.track { fill: var(--rule); }
.fill-1 { fill: var(--one); } .fill-2 { fill: var(--two); } .fill-3 { fill: var(--three); } .fill-4 { fill: var(--four); } .fill-5 { fill: var(--five); }
.line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.stroke-3 { stroke: var(--three); fill: none; }
.line-1 { stroke: var(--one); } .line-2 { stroke: var(--two); stroke-dasharray: 6 4; } .line-3 { stroke: var(--three); stroke-dasharray: 2 4; }
.line-4 { stroke: var(--four); stroke-dasharray: 10 4; } .line-5 { stroke: var(--five); stroke-dasharray: 10 4 2 4; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 10px 0 0; padding: 0; font-size: 14px; }
.legend li { display: flex; align-items: center; gap: 8px; }
.legend svg { width: 20px; height: 10px; flex: none; }
.legend .share { color: var(--soft); white-space: nowrap; }
details { margin: 10px 0 0; font-size: 13px; }
summary { color: var(--soft); cursor: pointer; width: fit-content; }
summary:hover { color: var(--accent); }
details[open] > summary { margin-bottom: 8px; }
details .scroll { max-height: 320px; overflow-y: auto; }
.reason { margin: 0; border-bottom: 1px solid var(--rule); }
.reason > summary { color: var(--ink); font-size: 14px; width: auto; padding: 7px 0; display: grid; align-items: baseline;
  grid-template-columns: 14px 172px minmax(0, 1fr) 120px 108px; gap: 0 12px; }
.reason > summary::-webkit-details-marker { display: none; }
.reason > summary::before { content: "▸"; color: var(--soft); }
.reason[open] > summary::before { content: "▾"; }
.reason .meaning, .reason .number, .reason .place { color: var(--soft); }
.reason .about { margin: 0 0 4px 26px; color: var(--soft); }
.examples { list-style: none; margin: 0 0 10px 26px; padding: 0 0 0 12px; border-left: 1px solid var(--line); }
.examples li { padding: 4px 0; }
.examples .place, .examples code { display: block; }
.share-bar { width: 120px; height: 7px; align-self: center; }
footer { color: var(--soft); font-size: 13px; padding: 28px 0 40px; margin: 44px 0 0; border-top: 1px solid var(--line); }
footer p { margin: 0; }
@media (max-width: 600px) {
  .wrap { padding: 0 16px; }
  header { padding: 24px 0 18px; }
  h1 { font-size: 25px; }
  .facts { display: grid; gap: 12px 16px; grid-template-columns: 1fr 1fr; }
  .tile { flex-basis: 140px; }
  .reason > summary { grid-template-columns: 14px minmax(0, 1fr) auto; }
  .reason .share-bar { display: none; }
  .reason .meaning { grid-column: 2 / -1; grid-row: 2; }
  .tile .value { font-size: 22px; }
  .verdicts > li { grid-template-columns: minmax(0, 1fr); }
  .checks li { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); padding: 2px 0; }
  .checks li > :first-child { grid-column: 1 / -1; }
}
@media print {
  :root { color-scheme: light; --paper: #ffffff; --panel: #ffffff; --ink: #000000; --accent: #1d5f93; --soft: #404040; --line: #bbbbbb; --rule: #dddddd;
    --good: #0b5a2e; --bad: #9a1a12; --note: #6b4300; --good-wash: #ffffff; --bad-wash: #ffffff; --note-wash: #ffffff;
    --one: #2b6ca3; --two: #c2571a; --three: #7a8ca3; --four: #2f8f78; --five: #8a5aa8; }
  nav, .skip, figure details { display: none; }
  .wrap { max-width: none; padding: 0; }
  section { padding-top: 20px; }
  figure, .tile, .verdicts > li, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
