import { PipelineError } from '../../../core/error.ts';
import { checkPrefix } from '../../../core/key.ts';

/** Where pipelines keep what is no zone of records and commits: pages, logs, what is on its way. */
const KEPT = ['reports/', 'quality/', 'logs/', 'inbox/', 'ingestion_map/'];

/**
 * The prefix for a site in a bucket that holds a pipeline's data. `config-invalid` for one inside or above a zone of the
 * pipeline, or where bookkeeping may be: what is there would be taken for data, and the other way round.
 */
export function sitePrefix(prefix: string, zones: readonly string[]): string {
  const folder = `${prefix}/`;
  checkPrefix(folder);
  const zone = prefix.startsWith('_')
    ? `${prefix.split('/', 1)[0] ?? ''}/`
    : [...zones, ...KEPT].find((one) => folder.startsWith(one) || one.startsWith(folder));
  if (zone === undefined) return prefix;
  throw new PipelineError('config-invalid', `${folder} is refused: ${zone} is the pipeline's own`, {
    hint: 'give the site a prefix of its own, for example docs',
  });
}
