import type { Notice, Notifier } from '../../ports/notifier.ts';
import type { Log } from '../../ports/step.ts';

/** Sends notices to the log, at the level of their severity, as the event `notice.send`. */
export function logNotifier(log: Log): Notifier {
  return {
    send: async (notice) => {
      log[levelOf(notice)]('notice.send', {
        topic: notice.topic,
        pipeline: notice.pipeline,
        runId: notice.runId,
        title: notice.title,
        lines: notice.lines,
      });
    },
  };
}

function levelOf(notice: Notice): 'info' | 'warn' | 'error' {
  return notice.severity === 'warning' ? 'warn' : notice.severity;
}
