import { describe, expect, it } from 'vitest';
import { slackMessage } from '../../services/adapters/notifier/slack-message.ts';
import { webhookNotifier } from '../../services/adapters/notifier/webhook.ts';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { secret } from '../../services/core/secret.ts';
import type { Notice } from '../../services/ports/notifier.ts';
import { type Handler, serveHandler } from '../support/http-server.ts';
import { selfSigned } from '../support/self-signed.ts';

const NOTICE: Notice = {
  topic: 'pipeline',
  severity: 'error',
  pipeline: 'finance',
  runId: 'finance-7',
  title: 'finance 2026-11-21 failed: <b> & Grüße 💸',
  lines: ['raw/a.csv: 3 rows refused', '<!channel> look'],
};
const CANARY = 'T0P-SECRET/canary';

async function bodyOf(request: Parameters<Handler>[0]): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** What sending to this address came to: nothing, or the error. */
async function sendTo(url: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const slept: number[] = [];
  const clock = {
    ...systemClock(),
    sleep: async (ms: number) => void slept.push(ms),
  };
  const signal = more.signal ?? new AbortController().signal;
  const options = { url: secret(url), clock, random: () => 0.5, signal };
  const error = await webhookNotifier({ ...options, timeoutMs: more.timeoutMs ?? 5_000 })
    .send(NOTICE)
    .then(() => null)
    .catch((thrown: unknown) => thrown as Error & { kind?: string; hint?: string });
  return { error, slept };
}

function told(error: unknown): string {
  return JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).cause);
}

describe('a notice by webhook', () => {
  it('is one POST of JSON, with text and blocks, escaped as Slack asks', async () => {
    const seen: unknown[] = [];
    await using server = await serveHandler(async (request, response) => {
      const { method, url, headers } = request;
      const type = headers['content-type'];
      seen.push({ method, url, type, body: JSON.parse(await bodyOf(request)) });
      response.end('ok');
    });
    expect(await sendTo(`${server.url}/services/${CANARY}`)).toEqual({ error: null, slept: [] });
    const title = 'finance 2026-11-21 failed: &lt;b&gt; &amp; Grüße 💸';
    const lines = 'raw/a.csv: 3 rows refused\n&lt;!channel&gt; look';
    const footer = 'severity error · pipeline finance · run finance-7 · topic pipeline';
    const text = (value: string) => ({ type: 'mrkdwn', text: value, verbatim: true });
    expect(seen).toEqual([
      {
        method: 'POST',
        url: `/services/${CANARY}`,
        type: 'application/json; charset=utf-8',
        body: {
          text: `${title}\n${lines}\n${footer}`,
          blocks: [
            { type: 'section', text: text(`*${title}*`) },
            { type: 'section', text: text(lines) },
            { type: 'context', elements: [text(footer)] },
          ],
        },
      },
    ]);
  });

  it.each([
    [500, 'unavailable', 3],
    [503, 'unavailable', 3],
    [429, 'throttled', 3],
    [400, 'config-invalid', 1],
    [403, 'denied', 1],
    [404, 'not-found', 1],
    [302, 'config-invalid', 1],
  ])('that is answered %i is %s after %i tries, and its address is not told', async (...row) => {
    const [status, kind, tries] = row;
    await using elsewhere = await serveHandler((_request, response) => void response.end('ok'));
    await using server = await serveHandler((_request, response) => {
      response.writeHead(status, { location: elsewhere.url });
      response.end(`you sent ${CANARY}`);
    });
    const { error } = await sendTo(`${server.url}/${CANARY}`);
    expect(error?.kind).toBe(kind);
    expect(error?.message).toContain(String(status));
    expect(server.requests).toHaveLength(tries);
    expect(elsewhere.requests).toEqual([]);
    expect(told(error)).not.toContain('canary');
  });

  it('goes to an address with user and password in it, by the header made for them', async () => {
    let seen: string | undefined = '';
    await using server = await serveHandler((request, response) => {
      seen = request.headers.authorization;
      response.end();
    });
    const url = server.url.replace('://', '://me:p%40ss@');
    expect((await sendTo(url)).error).toBeNull();
    expect(seen).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('is sent again as late as the receiver asks', async () => {
    let count = 0;
    await using server = await serveHandler((_request, response) => {
      count += 1;
      response.writeHead(count === 1 ? 429 : 200, { 'retry-after': '7' }).end();
    });
    expect(await sendTo(server.url)).toEqual({ error: null, slept: [7_350] });
  });

  it('is given up when the receiver asks for an hour', async () => {
    await using server = await serveHandler((_request, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end();
    });
    expect((await sendTo(server.url)).error?.kind).toBe('throttled');
    expect(server.requests).toHaveLength(1);
  });

  it('does not wait for ever for a receiver that says nothing', async () => {
    await using server = await serveHandler(() => undefined);
    const { error, slept } = await sendTo(`${server.url}/${CANARY}`, { timeoutMs: 30 });
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(error?.message).toContain('no answer in 30 ms');
    expect(slept).toHaveLength(2);
    expect(told(error)).not.toContain('canary');
  });

  it('ends with the run when that is stopped', async () => {
    const controller = new AbortController();
    await using server = await serveHandler(() => controller.abort());
    const { error } = await sendTo(server.url, { signal: controller.signal });
    expect(error?.name).toBe('AbortError');
  });

  it('is not handed to a server whose certificate nobody has signed', async () => {
    await using server = await serveHandler((_, response) => void response.end(), selfSigned());
    const { error } = await sendTo(`${server.url}/${CANARY}`);
    expect(error?.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.requests).toEqual([]);
    expect(told(error)).not.toContain('canary');
  });

  it('says that nobody is there', async () => {
    const server = await serveHandler(() => undefined);
    await server.close();
    const { error } = await sendTo(`${server.url}/${CANARY}`);
    expect(error?.message).toBe('the webhook cannot be reached: ECONNREFUSED');
    expect(told(error)).not.toContain('canary');
  });

  it('stays within what Slack takes, whatever it holds', () => {
    const lines = Array.from({ length: 500 }, (_, at) => `${at} ${'<&💸'.repeat(900)}`);
    const message = slackMessage({ ...NOTICE, title: '&'.repeat(9_000), lines });
    expect(message.text.length).toBeLessThanOrEqual(4_000);
    expect(message.blocks.length).toBeLessThanOrEqual(50);
    for (const block of message.blocks) {
      const { text } = block.type === 'section' ? block.text : (block.elements[0] ?? { text: '' });
      expect(text.length).toBeLessThanOrEqual(3_000);
      expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/);
      expect(text).not.toMatch(/\p{Surrogate}/u);
    }
  });
});
