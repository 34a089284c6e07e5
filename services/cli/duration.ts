import { PipelineError } from '../core/error.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a text such as `500ms`, `60s`, `5m` or `1h`; `config-invalid` for anything else. */
export function parseDuration(flag: string, text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (UNITS_MS[unit] ?? 0);
  throw new PipelineError('config-invalid', `${flag} ${text} is not a time`, {
    hint: `for example ${flag} 60s`,
  });
}
