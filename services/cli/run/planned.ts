import type { BoundLog } from '../../telemetry/log.ts';

/** A download that a dry run would make. */
export interface PlannedDownload {
  url: string;
  label: string;
}

/** What a dry run plans, taken from the log events `fetch.planned` of its steps, whatever the log's level. */
export function plannedDownloads() {
  const downloads: PlannedDownload[] = [];
  const listen = (log: BoundLog): BoundLog => ({
    ...log,
    with: (fields) => listen(log.with(fields)),
    info: (event, fields = {}) => {
      const { url, label } = fields;
      if (event === 'fetch.planned' && typeof url === 'string') {
        downloads.push({ url, label: typeof label === 'string' ? label : '' });
      }
      log.info(event, fields);
    },
  });
  return { downloads, listen };
}
