import { fitText } from '../core/fit-text.ts';
import { printable } from '../core/printable.ts';
import { toPipelineError } from '../core/error.ts';
import type { Notice, Notifier } from '../ports/notifier.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { Log } from '../ports/step.ts';

/** A way to people, and what it is called in messages: `webhook`, `mail`. */
export interface Channel {
  name: string;
  notifier: Notifier;
}

export interface AnnounceOptions {
  /** Is told of every notice, whatever its topic. */
  journal: Notifier;
  channels: readonly Channel[];
  /** Notices of other topics go to the journal only. */
  topics: readonly Notice['topic'][];
  /** Where it is kept which channel has taken what. */
  records: RecordStore;
  /** The text without secrets. */
  safe: (text: string) => string;
  log: Log;
  signal: AbortSignal;
  /** Told of each channel that has not taken the notice. */
  onLost: (channel: string) => void;
}

const TITLE_LENGTH_MAX = 500;
const LINE_LENGTH_MAX = 500;
const LINES_MAX = 40;

/** Of one run: the outcome told last, and the channels that have taken it. */
interface Taken {
  occasion: string;
  channels: string[];
}

/**
 * Tells each channel by itself, without secrets, control characters and endless lines. One that does not take the
 * notice is a warning: the run has ended as it has. One that has taken it is not told of the same occasion again; when
 * nobody can say whether it has, it is told, for twice is better than never.
 */
export function announce(options: AnnounceOptions): Notifier {
  return {
    send: async (given) => {
      const notice = presentable(given, options.safe);
      await options.journal.send(notice);
      if (!options.topics.includes(notice.topic) || options.channels.length === 0) return;
      const taken = await readTaken(options, notice);
      const left = options.channels.filter(({ name }) => !taken.channels.includes(name));
      // Beside each other: a channel that hangs must not hold up the next.
      const done = await Promise.all(left.map((channel) => tell(options, channel, notice)));
      taken.channels.push(...left.filter((_, at) => done[at]).map(({ name }) => name));
      await keepTaken(options, notice, taken);
      options.signal.throwIfAborted();
    },
  };
}

async function tell(
  { log, onLost }: AnnounceOptions,
  { name, notifier }: Channel,
  notice: Notice,
): Promise<boolean> {
  try {
    await notifier.send(notice);
    return true;
  } catch (thrown) {
    const { kind, message, hint } = toPipelineError(thrown);
    log.warn('notice.not_sent', { channel: name, kind, reason: message, hint });
    onLost(name);
    return false;
  }
}

/** Without secrets, each line one line, and no more of them than people read. */
function presentable(notice: Notice, safe: (text: string) => string): Notice {
  const shown = (text: string, lengthMax: number) => fitText(printable(safe(text)), lengthMax);
  const lines = notice.lines.slice(0, LINES_MAX).map((line) => shown(line, LINE_LENGTH_MAX));
  const more = notice.lines.length - lines.length;
  return {
    ...notice,
    title: shown(notice.title, TITLE_LENGTH_MAX),
    lines: more > 0 ? [...lines, `… and ${more} more`] : lines,
  };
}

function collectionOf({ pipeline }: Notice): string {
  return `notices/${pipeline}`;
}

async function readTaken({ records, log }: AnnounceOptions, notice: Notice): Promise<Taken> {
  const { occasion = '', runId } = notice;
  const nothing: Taken = { occasion, channels: [] };
  if (occasion === '') return nothing;
  try {
    const found = await records.get<Taken>(collectionOf(notice), runId);
    if (found?.occasion !== occasion || !Array.isArray(found.channels)) return nothing;
    return { occasion, channels: [...found.channels] };
  } catch (thrown) {
    // Not to know whether it was told is no reason not to tell it.
    log.warn('notice.not_known', { reason: toPipelineError(thrown).message });
    return nothing;
  }
}

async function keepTaken(
  { records, log }: AnnounceOptions,
  notice: Notice,
  taken: Taken,
): Promise<void> {
  if (taken.occasion === '' || taken.channels.length === 0) return;
  try {
    await records.put(collectionOf(notice), notice.runId, taken);
  } catch (thrown) {
    // People have been told; at worst they are told once more.
    log.warn('notice.not_kept', { reason: toPipelineError(thrown).message });
  }
}
