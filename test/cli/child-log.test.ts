import { expect, it } from 'vitest';
import { childLog } from '../../services/cli/run/step-runner.ts';

function listener() {
  const events: string[] = [];
  const at = (level: string) => (event: string, fields?: Record<string, unknown>) =>
    void events.push(`${level} ${event} ${JSON.stringify(fields)}`);
  return {
    events,
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
}

it("a step's process tells why it failed with its hint, whatever it prints after that", () => {
  const { events, log } = listener();
  const said = childLog(
    [
      '{"timestamp":"t","level":"info","event":"step.start","step":"fetch"}',
      '{"timestamp":"t","level":"error","event":"step.failed","reason":"no page","hint":"look"}',
      '(node:1) Warning: something else',
      '{"timestamp":"t","level":"warn","event":"late"}',
      '',
    ].join('\n'),
    log,
  );
  expect(said).toBe('no page\nhint: look');
  expect(events).toEqual([
    'info step.start {"step":"fetch"}',
    'error step.failed {"reason":"no page","hint":"look"}',
    'warn late {}',
  ]);
});

it('a process that ended before it could log has its last line', () => {
  expect(childLog('{oops\nSegmentation fault\n', listener().log)).toBe('Segmentation fault');
});
