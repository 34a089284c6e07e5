import { expect, it } from 'vitest';

import { logNotifier } from '../../services/adapters/notifier/log.ts';
import type { Notice } from '../../services/ports/notifier.ts';
import type { Log } from '../../services/ports/step.ts';

it.each([
  ['info', 'info'],
  ['warning', 'warn'],
  ['error', 'error'],
] as const)('a notice of severity %s is one log event of level %s', async (severity, level) => {
  const lines: unknown[] = [];
  const at = (name: string) => (event: string, fields?: Record<string, unknown>) => {
    lines.push({ level: name, event, ...fields });
  };
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const notice: Notice = {
    topic: 'pipeline',
    severity,
    pipeline: 'finance',
    runId: 'finance-2026-11-21',
    title: 'finance ended',
    lines: ['42 rows'],
  };
  await logNotifier(log).send(notice);
  const { severity: _, ...fields } = notice;
  expect(lines).toEqual([{ level, event: 'notice.send', ...fields }]);
});
