import { humaneBytes, humaneCount } from '../../core/humane.ts';
import {
  expire,
  type LifecyclePlan,
  planLifecycle,
  s3Lifecycle,
} from '../../pipelines/commerce/upkeep/lifecycle.ts';
import { serving } from '../host.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import { formatTable } from '../view/text-table.ts';

/** `argosy lifecycle`: what has grown old in commerce's bucket; with `--yes` removes what has expired. */
export const lifecycle: Work = async (session, given) => {
  if (given.flags.s3 === true) {
    printJson(session, s3Lifecycle());
    return 0;
  }
  const { io } = session;
  const ports = serving(session, 'commerce');
  const plans = await planLifecycle(ports, { now: io.clock.now() });
  const isDone = given.flags.yes === true;
  const removed = isDone ? await expire(ports, plans) : 0;
  if (given.flags.json === true) {
    printJson(session, { isDone, removed, rules: plans.map(jsonOf) });
    return 0;
  }
  io.stdout.write(formatTable(HEADS, plans.map(rowOf), { widthMax: widthOf(session) }));
  const expired = plans.reduce((sum, plan) => sum + plan.expired.length, 0);
  const none = expired === 0 ? 'nothing has expired\n' : '';
  const undone = `${humaneCount(expired)} objects have expired, nothing was changed: add --yes to remove them\n`;
  io.stdout.write(none || (isDone ? `${humaneCount(removed)} expired objects removed\n` : undone));
  return 0;
};

const HEADS = ['prefix', 'objects', 'bytes', 'infrequent', 'archive', 'expired'].map((name) => ({
  name,
  align: name === 'prefix' ? ('left' as const) : ('right' as const),
}));

function rowOf({ rule, objects, sizeBytes, infrequent, archive, expired }: LifecyclePlan) {
  const counts = [infrequent, archive, expired.length].map(humaneCount);
  return [rule.prefix, humaneCount(objects), humaneBytes(sizeBytes), ...counts];
}

function jsonOf({ expired, ...plan }: LifecyclePlan) {
  return { ...plan, expired: expired.map(({ key }) => key) };
}
