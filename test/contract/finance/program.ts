import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../support/bytes.ts';
import type { LoadBench, MakeBench } from '../../support/finance-load-bench.ts';
import { isEverythingRequired } from '../../support/require-component.ts';

const PROGRAMS = isEverythingRequired() ? 40 : 1;
const LOADS = 12;
const LOOP_MS_MAX = 240_000;
const DAYS = ['2026-01-28', '2026-01-29', '2026-01-30', '2026-01-31'];

interface Row {
  id: string;
  customer: string;
  amount: string;
}

/** A form of a transaction, and the day that it came with. */
type Form = Row & { day: string };

interface Batch {
  day: string;
  customers: string[];
  rows: Row[];
}

/** What should be in the warehouse, told without SQL. */
class Model {
  readonly customers = new Set<string>();
  readonly facts = new Map<string, Form>();
  readonly held = new Map<string, Form>();
  /** The last day that has brought a transaction in any form. */
  readonly #delivered = new Map<string, string>();

  load({ day, customers, rows }: Batch): void {
    for (const customer of customers) this.customers.add(customer);
    const taken = rows.filter(({ id }) => (this.#delivered.get(id) ?? '') <= day);
    for (const { id } of taken) this.#delivered.set(id, day);
    const late = taken.filter(({ customer }) => !this.customers.has(customer));
    for (const row of late) put(this.held, row, day);
    const ready = taken.filter(({ customer }) => this.customers.has(customer));
    for (const { id } of ready) this.held.delete(id);
    for (const [id, form] of this.held) {
      if (!this.customers.has(form.customer)) continue;
      put(this.facts, form, form.day);
      this.held.delete(id);
    }
    for (const row of ready) put(this.facts, row, day);
  }
}

/** A row that is there already in this form keeps its day. */
function put(forms: Map<string, Form>, { id, customer, amount }: Row, day: string): void {
  const before = forms.get(id);
  if (before?.customer === customer && before.amount === amount) return;
  forms.set(id, { id, customer, amount, day });
}

/** What days loaded in any order come to, on any warehouse. */
export function programClaims(makeBench: MakeBench): void {
  describe('days that are loaded in any order, some of them again', () => {
    it(
      `end in what a model without SQL ends in (${PROGRAMS} programs)`,
      async () => {
        for (let seed = 1; seed <= PROGRAMS; seed++) {
          const bench = await makeBench();
          const model = new Model();
          const random = seededRandom(seed * 7919);
          for (let load = 0; load < LOADS; load++) {
            const batch = randomBatch(random);
            model.load(batch);
            await loadBatch(bench, batch);
            expect([seed, load, await stateOf(bench)]).toEqual([seed, load, shown(model)]);
          }
        }
      },
      LOOP_MS_MAX,
    );
  });
}

function randomBatch(random: () => number): Batch {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const customers = ['C1', 'C2', 'C3'].filter(() => random() < 0.2);
  const ids = ['T1', 'T2', 'T3', 'T4', 'T5', 'T6'].filter(() => random() < 0.5);
  const rows = ids.map((id) => ({
    id,
    customer: pick(['C1', 'C2', 'C3']),
    amount: pick(['1.00', '1.00', '1.00', '2.00']),
  }));
  return { day: pick(DAYS), customers, rows };
}

async function loadBatch(bench: LoadBench, { day, customers, rows }: Batch): Promise<void> {
  await bench.putDay({
    logicalDate: day,
    customers: customers.map((id) => ({ customer_id: id })),
    transactions: rows.map(({ id, customer, amount }) => ({
      transaction_id: id,
      customer_id: customer,
      amount,
    })),
  });
  await bench.step('load', { logicalDate: day });
}

async function stateOf(bench: LoadBench): Promise<unknown> {
  const list = `SELECT transaction_id, customer_id, amount, to_char(processed_at, 'YYYY-MM-DD')`;
  return {
    customers: (await bench.rows('SELECT customer_id FROM dim_customers ORDER BY 1')).flat(),
    facts: await bench.rows(`${list} FROM fact_transactions ORDER BY 1`),
    held: await bench.rows(`${list} FROM held_transactions ORDER BY 1`),
  };
}

function shown({ customers, facts, held }: Model): unknown {
  const rowsOf = (forms: ReadonlyMap<string, Form>): string[][] =>
    [...forms.values()]
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, customer, amount, day }) => [id, customer, amount, day]);
  return {
    customers: [...customers].toSorted((a, b) => (a < b ? -1 : 1)),
    facts: rowsOf(facts),
    held: rowsOf(held),
  };
}
