import { fitText } from '../../core/fit-text.ts';
import type { Notice } from '../../ports/notifier.ts';

/** Slack takes 3,000 characters in one text of a block, 50 blocks, and cuts a message's own text at 4,000. */
const BLOCK_LENGTH_MAX = 3_000;
const SECTIONS_MAX = 45;
const TEXT_LENGTH_MAX = 4_000;
/** So many of one block of the lines. */
const LINE_LENGTH_MAX = 1_500;

interface SlackText {
  type: 'mrkdwn';
  text: string;
  /** No names of people, channels or addresses are made links of. */
  verbatim: true;
}

type SlackBlock =
  | { type: 'section'; text: SlackText }
  | { type: 'context'; elements: readonly SlackText[] };

/** The JSON that Slack's incoming webhooks take. `text` holds everything, for receivers that do not show blocks. */
export interface SlackMessage {
  text: string;
  blocks: readonly SlackBlock[];
}

/** A notice as Slack takes it: `&`, `<` and `>` escaped as Slack asks, so that no text is a mention or a link. */
export function slackMessage(notice: Notice): SlackMessage {
  const { title, lines, topic, severity, pipeline, runId } = notice;
  const heading = fitText(title, BLOCK_LENGTH_MAX - 2, escape);
  const facts = [`severity ${severity}`, `pipeline ${pipeline}`, `run ${runId}`, `topic ${topic}`];
  const shownLines = lines.map((line) => fitText(line, LINE_LENGTH_MAX, escape));
  const footer = fitText(facts.join(' · '), BLOCK_LENGTH_MAX, escape);
  return {
    text: fitBlock([heading, ...shownLines, footer], TEXT_LENGTH_MAX),
    blocks: [
      { type: 'section', text: mrkdwn(`*${heading}*`) },
      ...sectionsOf(shownLines),
      { type: 'context', elements: [mrkdwn(footer)] },
    ],
  };
}

/** The lines in as few sections as take them. */
function sectionsOf(lines: readonly string[]): SlackBlock[] {
  const texts: string[] = [];
  for (const line of lines) {
    const joined = texts.length === 0 ? line : `${texts.at(-1)}\n${line}`;
    if (texts.length > 0 && joined.length <= BLOCK_LENGTH_MAX) texts[texts.length - 1] = joined;
    else texts.push(line);
  }
  return texts
    .filter((text) => text.trim() !== '')
    .slice(0, SECTIONS_MAX)
    .map((text) => ({ type: 'section', text: mrkdwn(text) }));
}

/** As many of the lines as fit; what is escaped already must not be cut inside. */
function fitBlock(lines: readonly string[], lengthMax: number): string {
  let whole = '';
  for (const line of lines) {
    const next = whole === '' ? line : `${whole}\n${line}`;
    if (next.length > lengthMax) return whole;
    whole = next;
  }
  return whole;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escape(character: string): string {
  return ESCAPES[character] ?? character;
}

function mrkdwn(text: string): SlackText {
  return { type: 'mrkdwn', text, verbatim: true };
}
