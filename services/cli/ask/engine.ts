import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import type { Config } from '../config/config.ts';
import type { Flags } from '../program.ts';
import type { Session } from '../session.ts';

const ENGINES: readonly Config['engine'][] = ['duckdb', 'athena'];

/** What answers: `--engine`, else `ARGOSY_ENGINE`; `config-invalid` with the nearest name for one that there is not. */
export function engineOf({ config }: Session, { engine }: Flags): Config['engine'] {
  const found = engine === undefined ? config.engine : ENGINES.find((one) => one === engine);
  if (found !== undefined) return found;
  const near = nearest(engine ?? '', ENGINES);
  throw new PipelineError('config-invalid', `--engine ${engine} is not known`, {
    hint: `${near === undefined ? '' : `did you mean ${near}? `}Known: ${ENGINES.join(', ')}`,
  });
}
