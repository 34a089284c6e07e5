import { PipelineError } from '../../../core/error.ts';
import { columnTally } from './column-tally.ts';
import type { Scan } from './scan-state.ts';

/** A header of more columns than this is refused. */
export const COLUMNS_MAX = 20_000;

/** Begins to count by column, once the header is there; `too-large` for more columns than can be. */
export function openColumns(state: Scan): void {
  const { header } = state;
  if (header.length > COLUMNS_MAX) {
    throw new PipelineError('too-large', `the header has more than ${COLUMNS_MAX} columns`, {
      hint: 'is this a table? Its first line should name the columns',
    });
  }
  state.columns = header.map(() => columnTally());
  state.canRepeat = header.length > 1 && header.some(({ raw }) => raw.length > 0);
}
