import { PipelineError } from '../../../core/error.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import { RISK_TABLE, type RiskTable } from './risk.ts';
import { RISK_LEVELS, STATUSES } from '../rules.ts';

const VERSION = /^[a-z0-9][a-z0-9.-]{0,31}$/;
const AMOUNT = /^(?:0|[1-9]\d{0,9})\.\d\d$/;
const CATEGORY = /^[a-z][a-z0-9_]{0,19}$/;
const POINTS_MAX = 1_000;

/**
 * The table of weights and bands that the parameter `risk-table` names: the key of a JSON object in the bucket, of the
 * form of `RISK_TABLE`; the built-in one for ''. `not-found` without the object, `config-invalid` for a table by which
 * some transaction would have no score, no level or no category.
 */
export async function readRiskTable(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<RiskTable> {
  if (key === '') return RISK_TABLE;
  const bytes = await store.get(key, { signal });
  const address = `${store.url}/${key}`;
  if (bytes === null) {
    throw new PipelineError('not-found', `${address}: no such table of risks`, {
      hint: 'parameter risk-table is the key of a JSON object in the bucket, or empty',
    });
  }
  const table = parsed(bytes);
  const fault = table === null ? 'not a JSON object' : faultOf(table);
  if (table !== null && fault === null) return table;
  throw new PipelineError('config-invalid', `${address}: ${fault}`, {
    hint: 'correct the table; docs/cleaning.md shows its form',
  });
}

function parsed(bytes: Uint8Array): RiskTable | null {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as RiskTable;
  } catch {
    return null;
  }
}

type Test = (table: RiskTable) => boolean;

const TESTS: readonly (readonly [test: Test, fault: string])[] = [
  [({ version }) => matches(version, VERSION), 'version is not a short word of small letters'],
  [
    (table) => table.version !== RISK_TABLE.version || isBuiltIn(table),
    `version "${RISK_TABLE.version}" is that of the built-in table, and the numbers are others`,
  ],
  [
    ({ amounts }) => amounts.every((one) => matches(one.above, AMOUNT) && isPoints(one.points)),
    'amounts need "above" with two decimals and whole points from 0',
  ],
  [
    ({ statuses }) => statuses.every((one) => isStatus(one.status) && isPoints(one.points)),
    'statuses need one of the three and whole points from 0',
  ],
  [
    ({ weekdays }) =>
      weekdays.every(
        ({ days, points }) =>
          days.length > 0 && days.every((day) => isWhole(day, 6)) && isPoints(points),
      ),
    'weekdays need days from 0 (Monday) to 6 and whole points from 0',
  ],
  [
    ({ hours }) =>
      hours.every(
        ({ from, to, points }) => isWhole(from, to) && isWhole(to, 23) && isPoints(points),
      ),
    'hours need "from" up to "to", 0 to 23, and whole points from 0',
  ],
  [({ scoreMax }) => isWhole(scoreMax, 100), 'scoreMax is not a whole number up to 100'],
  [
    ({ levels, scoreMax }) =>
      levels.every(({ upTo, level }) => isWhole(upTo, 100) && isLevel(level)) &&
      isRising(levels.map(({ upTo }) => upTo)) &&
      levels.at(-1)?.upTo === scoreMax,
    'levels need rising bounds that end at scoreMax, and known names',
  ],
  [
    ({ amountCategories: all }) =>
      all.every(({ category }) => matches(category, CATEGORY)) &&
      all.slice(0, -1).every(({ upTo }) => matches(upTo, AMOUNT)) &&
      isRising(all.slice(0, -1).map(({ upTo }) => Number(upTo))) &&
      all.length > 0 &&
      all.at(-1)?.upTo === null,
    'amountCategories need rising bounds with two decimals, and null as the last one',
  ],
];

/** What is wrong with a table; null when nothing is. */
function faultOf(table: RiskTable): string | null {
  for (const [test, fault] of TESTS) if (!holds(test, table)) return fault;
  return null;
}

/** A test that stumbles over a part that is missing, or of another type, does not hold. */
function holds(test: Test, table: RiskTable): boolean {
  try {
    return test(table);
  } catch {
    return false;
  }
}

function isBuiltIn(table: RiskTable): boolean {
  const own = Object.entries(RISK_TABLE) as [keyof RiskTable, unknown][];
  return own.every(([name, value]) => JSON.stringify(table[name]) === JSON.stringify(value));
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isWhole(value: unknown, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max;
}

function isPoints(value: unknown): boolean {
  return isWhole(value, POINTS_MAX);
}

function isStatus(value: string): boolean {
  return (STATUSES as readonly string[]).includes(value);
}

function isLevel(value: string): boolean {
  return (RISK_LEVELS as readonly string[]).includes(value);
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, at) => at === 0 || value > values[at - 1]!);
}
