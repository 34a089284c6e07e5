import { printable } from '../../../core/printable.ts';
import type { CataloguePipeline } from '../catalogue/catalogue.ts';
import { datasetPath, SEARCH_INDEX } from './paths.ts';

/** What is told of a dataset is no longer than that in the index; its page has all. */
const TEXT_MAX = 160;

/** A dataset in the index: where its page is, its name, its schema, pipeline and kind, what it holds, its columns. */
type IndexEntry = readonly [
  path: string,
  name: string,
  database: string,
  pipeline: string,
  kind: string,
  about: string,
  columns: readonly (readonly [name: string, about: string])[],
];

/** The index as a script that gives the page its value: a page opened from a disk may load a script, and nothing else. */
export function searchIndex(pipelines: readonly CataloguePipeline[]): string {
  const entries = pipelines.flatMap(({ entries: own }) =>
    own.map((entry): IndexEntry => [
      datasetPath(entry),
      text(entry.dataset.name),
      text(entry.database),
      entry.pipeline,
      entry.dataset.kind,
      text(entry.dataset.description),
      entry.dataset.columns.map(({ name, description }) => [text(name), text(description)]),
    ]),
  );
  const lines = entries.map((entry) => JSON.stringify(entry));
  return `window.argosyIndex=[\n${lines.join(',\n')}\n];\n`;
}

function text(value: string): string {
  const shown = printable(value);
  return shown.length > TEXT_MAX ? `${shown.slice(0, TEXT_MAX)}…` : shown;
}

/**
 * Runs in each page: shows the search, loads the index when it is first used, and takes `/` for it. All that comes from
 * the index is put into the page as text.
 */
export const SEARCH_SCRIPT = `(() => {
const bar = document.querySelector('.search');
const input = bar.querySelector('input');
const list = bar.querySelector('ul');
const said = bar.querySelector('[role=status]');
const root = bar.dataset.root;
let index = null, isAsked = false;
bar.hidden = false;
function load() {
  if (isAsked) return;
  isAsked = true;
  const script = document.createElement('script');
  script.src = root + '${SEARCH_INDEX}';
  script.onload = () => { index = window.argosyIndex; show(); };
  script.onerror = () => { said.textContent = 'The search index cannot be loaded.'; said.hidden = false; };
  document.head.append(script);
}
function rank([, name, database, pipeline, kind, about, columns], words) {
  const named = name.toLowerCase(), whole = (database + '.' + name).toLowerCase();
  const around = (pipeline + ' ' + kind + ' ' + about).toLowerCase();
  let sum = 0;
  const hits = new Map();
  for (const word of words) {
    let best = named === word || whole === word ? 0 : named.startsWith(word) ? 1 : whole.includes(word) ? 2 : 9;
    for (const [at, [column, meaning]] of columns.entries()) {
      const own = column.toLowerCase();
      const value = own === word ? 3 : own.includes(word) ? 4 : meaning.toLowerCase().includes(word) ? 6 : 9;
      if (value < 5) hits.set(at, value);
      else if (value < 9 && !hits.has(at)) hits.set(at, value);
      best = Math.min(best, value);
    }
    if (best === 9 && around.includes(word)) best = 7;
    if (best === 9) return null;
    sum += best;
  }
  return { sum, hits: [...hits].sort((a, b) => a[1] - b[1] || a[0] - b[0]).slice(0, 4).map(([at]) => columns[at][0]) };
}
function line(entry, hits) {
  const item = document.createElement('li'), link = document.createElement('a');
  link.href = root + entry[0];
  const name = document.createElement('strong'), where = document.createElement('span');
  name.textContent = entry[1];
  where.textContent = (entry[2] === entry[3] ? '' : entry[2] + ' · ') + entry[3] + (hits.length ? ' · columns: ' + hits.join(', ') : ' · ' + entry[5]);
  link.append(name, where);
  item.append(link);
  return item;
}
function show() {
  const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const isOn = words.length > 0 && index !== null;
  const found = !isOn ? [] : index.map((entry) => ({ entry, rank: rank(entry, words) }))
    .filter((one) => one.rank !== null)
    .sort((a, b) => a.rank.sum - b.rank.sum || (a.entry[1] < b.entry[1] ? -1 : 1));
  list.replaceChildren(...found.slice(0, 20).map((one) => line(one.entry, one.rank.hits)));
  list.hidden = found.length === 0;
  const many = found.length > 20 ? ', the first 20 are shown' : '';
  said.textContent = !isOn ? '' : found.length === 0 ? 'Nothing is called that.' : found.length + (found.length === 1 ? ' dataset' : ' datasets') + many;
  said.hidden = !isOn;
}
input.addEventListener('focus', load);
input.addEventListener('input', () => { load(); show(); });
document.addEventListener('keydown', (event) => {
  const isTyping = /^(?:INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    input.focus();
  }
});
bar.addEventListener('keydown', (event) => {
  const links = [...list.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement);
  if (event.key === 'ArrowDown' && links.length > 0) { event.preventDefault(); links[Math.min(at + 1, links.length - 1)].focus(); }
  if (event.key === 'ArrowUp' && at >= 0) { event.preventDefault(); (at === 0 ? input : links[at - 1]).focus(); }
  if (event.key === 'Enter' && document.activeElement === input && links.length > 0) links[0].click();
  if (event.key === 'Escape') { input.value = ''; show(); input.focus(); }
});
})();`;
