import type { Warehouse, WarehouseTransaction } from '../ports/warehouse.ts';
import { Crash, type FaultPlan, through } from './fault.ts';

/**
 * A warehouse whose calls fail as planned; each statement of a transaction is one, and so are its begin and its commit.
 * A fault before COMMIT rolls back, as a server does whose client is gone; one after it loses the answer.
 */
export function faultWarehouse(warehouse: Warehouse, plan: FaultPlan): Warehouse {
  const at = <T>(what: string, call: () => Promise<T>): Promise<T> =>
    through(plan.next(`${what} in ${warehouse.url}`), call);
  return {
    ...warehouse,
    query: (...asked) => at('query', () => warehouse.query(...asked)),
    select: (...asked) => at('select', () => warehouse.select(...asked)),
    transaction: async (work, options) => {
      await at('begin', async () => undefined);
      let ending: ReturnType<FaultPlan['next']> = null;
      try {
        const answer = await warehouse.transaction(async (tx) => {
          const done = await work(faultTransaction(tx, at));
          ending = plan.next(`commit in ${warehouse.url}`);
          await through(ending?.when === 'after' ? null : ending, async () => undefined);
          return done;
        }, options);
        await through(ending, async () => undefined);
        return answer;
      } catch (error) {
        // An adapter may put what the work throws into words of its own.
        const { cause } = error instanceof Error ? error : { cause: undefined };
        throw cause instanceof Crash ? cause : error;
      }
    },
  };
}

type At = <T>(what: string, call: () => Promise<T>) => Promise<T>;

function faultTransaction(tx: WarehouseTransaction, at: At): WarehouseTransaction {
  const words = (sql: string): string => sql.trim().replaceAll(/\s+/g, ' ').slice(0, 60);
  return {
    run: (sql, values) => at(`run ${words(sql)}`, () => tx.run(sql, values)),
    query: (sql, values) => at(`query ${words(sql)}`, () => tx.query(sql, values)),
    copyIn: (target, csv) => at(`copyIn ${target.table}`, () => tx.copyIn(target, csv)),
  };
}
