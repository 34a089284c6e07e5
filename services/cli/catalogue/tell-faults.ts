import { exitCodeOf } from '../../core/error.ts';
import type { CataloguePipeline } from '../../stages/observe/catalogue/catalogue.ts';
import type { Session } from '../session.ts';

/** Says on stderr what could not be asked; the exit code is that of the first such fault, 0 where there is none. */
export function tellFaults(session: Session, pipelines: readonly CataloguePipeline[]): number {
  for (const { name, faults } of pipelines) {
    for (const { message, hint } of faults) {
      session.log.warn('catalogue.fault', { pipeline: name, reason: message, hint });
    }
  }
  const first = pipelines.flatMap(({ faults }) => faults)[0];
  return first === undefined ? 0 : exitCodeOf(first.kind);
}
