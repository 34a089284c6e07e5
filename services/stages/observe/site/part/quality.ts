import { humaneCount } from '../../../../core/humane.ts';
import type { QualityCheck } from '../../../../ports/step.ts';
import { html, type Markup } from '../../page/html.ts';
import type { RunRecord } from '../../run-record.ts';

/** Runs beside each other. */
const RUNS_SHOWN = 14;

/** The checks that the newest runs made, and how many things failed each: a line a check, a column a run. */
export function qualityMatrix(
  runs: readonly RunRecord[],
  checks: readonly QualityCheck[],
): Markup | null {
  const shown = runs.filter(({ ended_at: end }) => end !== null).slice(0, RUNS_SHOWN);
  const names = [...new Set(shown.flatMap(({ quality }) => Object.keys(quality)))];
  const rows = names.filter((name) => checks.some((check) => check.name === name));
  if (rows.length === 0) return null;
  const summaries = new Map(checks.map((check) => [check.name, check.summary]));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Checks by run">
    <table class="matrix">
      <caption>
        Failures by check in the newest ${shown.length === 1 ? 'run' : `${shown.length} runs`}, the
        newest first; a dot where a run did not make the check
      </caption>
      <thead>
        <tr>
          <th scope="col">check</th>
          ${shown.map(headOf)}
        </tr>
      </thead>
      <tbody>
        ${rows.map((name) => rowOf(name, summaries.get(name) ?? '', shown))}
      </tbody>
    </table>
  </div>`;
}

function headOf({ started_at: start, run_id: id }: RunRecord): Markup {
  return html`<th scope="col" title="${id}">
    ${start.slice(5, 10)}<br />${start.slice(11, 16)}
  </th> `;
}

function rowOf(name: string, summary: string, runs: readonly RunRecord[]): Markup {
  const cells = runs.map(({ quality }) => html`<td>${cellOf(quality[name])}</td>`);
  return html`<tr>
    <th scope="row">${summary} <code>${name}</code></th>
    ${cells}
  </tr> `;
}

function cellOf(failures: number | undefined): Markup {
  if (failures === undefined) return html`·`;
  return html`<span class="${failures === 0 ? 'good' : 'told'}">${humaneCount(failures)}</span>`;
}

/** How many of the checks that a run made nothing failed. */
export function checksText(run: RunRecord | null): string {
  const failures = Object.values(run?.quality ?? {});
  if (failures.length === 0) return '–';
  return `${failures.filter((count) => count === 0).length} of ${failures.length}`;
}
