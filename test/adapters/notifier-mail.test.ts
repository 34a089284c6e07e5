import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { mailNotifier, serverOf } from '../../services/adapters/notifier/mail.ts';
import { secret } from '../../services/core/secret.ts';
import type { Notice } from '../../services/ports/notifier.ts';
import { selfSigned } from '../support/self-signed.ts';
import { smtpServer } from '../support/smtp-server.ts';

const NOTICE: Notice = {
  topic: 'quality',
  severity: 'error',
  pipeline: 'finance',
  runId: 'finance-7',
  title: 'finance 2026-11-21 failed',
  lines: ['3 rows refused', '.a line with a dot'],
  occasion: 'failed 2026-11-21T02:00:00Z',
};
const AT = new Date('2026-11-21T02:00:00Z');
const PASS = 'pa:ss/w@rd-canary';
const LOGIN = { user: 'argosy', pass: PASS };

interface Sending {
  user?: string;
  pass?: string;
  scheme?: string;
  to?: string[];
  notice?: Partial<Notice>;
  timeoutMs?: number;
  silenceTimeoutMs?: number;
}

async function sendTo(port: number, sending: Sending = {}) {
  const { user, pass, scheme = 'smtp', to = ['ops@example.org'] } = sending;
  const login = user === undefined ? '' : `${user}:${encodeURIComponent(pass ?? '')}@`;
  const slept: number[] = [];
  const clock = {
    ...systemClock(),
    now: () => AT,
    sleep: async (ms: number) => void slept.push(ms),
  };
  const { timeoutMs = 5_000, silenceTimeoutMs = 2_000 } = sending;
  const error = await mailNotifier({
    url: secret(`${scheme}://${login}127.0.0.1:${port}`),
    from: 'argosy@example.org',
    to,
    clock,
    random: () => 0.5,
    signal: new AbortController().signal,
    timeoutMs,
    silenceTimeoutMs,
  })
    .send({ ...NOTICE, ...sending.notice })
    .then(() => null)
    .catch((thrown: unknown) => thrown as Error & { kind?: string; hint?: string });
  return { error, slept };
}

function told(error: unknown): string {
  return JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error)?.cause);
}

const subjectOf = (data: string): string => {
  const folded = /^Subject: (.*(?:\r\n[ \t].*)*)/m.exec(data)?.[1] ?? '';
  return folded
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?Q\?(.*?)\?=/gi, (_, text: string) =>
      decodeURIComponent(text.replaceAll('_', ' ').replaceAll('=', '%')),
    )
    .replaceAll(/=\?UTF-8\?B\?(.*?)\?=/gi, (_, text: string) =>
      Buffer.from(text, 'base64').toString(),
    );
};

describe('a notice by mail', () => {
  it('is one plain text with title, lines and run, to every receiver', async () => {
    await using server = await smtpServer();
    const to = ['ops@example.org', 'team@example.org'];
    expect(await sendTo(server.port, { to })).toEqual({ error: null, slept: [] });
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: 'argosy@example.org', to, isEncrypted: false, login: null });
    const [head = '', body] = (mail?.data ?? '').split('\r\n\r\n', 2);
    const rest = (mail?.data ?? '').slice(head.length + 4);
    expect(body).toBe('finance 2026-11-21 failed');
    expect(rest.split('\r\n')).toEqual([
      'finance 2026-11-21 failed',
      '',
      '3 rows refused',
      '.a line with a dot',
      '',
      'pipeline: finance',
      'run: finance-7',
      'severity: error',
      'topic: quality',
    ]);
    expect(head).toMatch(/^From: argosy <argosy@example\.org>\r?$/m);
    expect(head).toMatch(/^To: ops@example\.org, team@example\.org\r?$/m);
    expect(head).toMatch(/^Subject: \[argosy\] finance 2026-11-21 failed\r?$/m);
    expect(head).toMatch(/^Date: Sat, 21 Nov 2026 02:00:00 \+0000\r?$/m);
    expect(head).toMatch(/^Auto-Submitted: auto-generated\r?$/m);
    expect(head).not.toMatch(/nodemailer/i);
  });

  it('has the same Message-ID when it is told again of one outcome, and another for the next', async () => {
    await using server = await smtpServer();
    await sendTo(server.port);
    await sendTo(server.port);
    await sendTo(server.port, { notice: { occasion: 'success later' } });
    const ids = server.mails.map(({ data }) => /^Message-ID: (.*)$/im.exec(data)?.[1]);
    expect(ids[0]).toMatch(/^<[0-9a-f]{32}@argosy\.invalid>/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it.each([['PLAIN'], ['LOGIN']] as const)('logs in by AUTH %s', async (method) => {
    await using server = await smtpServer({ login: { ...LOGIN, methods: [method] } });
    expect((await sendTo(server.port, LOGIN)).error).toBeNull();
    expect(server.mails[0]?.login).toEqual(LOGIN);
  });

  it('is refused with a wrong password, which nobody is told, and not tried again', async () => {
    await using server = await smtpServer({ login: { ...LOGIN, methods: ['PLAIN'] } });
    const { error, slept } = await sendTo(server.port, { user: 'argosy', pass: `${PASS}-wrong` });
    expect(error).toMatchObject({ kind: 'denied' });
    expect(error?.message).toBe(
      'the mail server did not accept user and password (EAUTH, reply 535)',
    );
    expect(told(error)).not.toContain('canary');
    expect(slept).toEqual([]);
    expect(server.mails).toEqual([]);
  });

  it.each([
    ['in a subject', 'drei Äpfel 💸 日本'],
    ['that is long', 'ü'.repeat(5_000)],
  ])('keeps Unicode %s', async (_, title) => {
    await using server = await smtpServer();
    expect((await sendTo(server.port, { notice: { title } })).error).toBeNull();
    const data = server.mails[0]?.data ?? '';
    const whole = `[argosy] ${title}`;
    const subject = subjectOf(data);
    expect(subject).toBe(whole.length <= 200 ? whole : `${whole.slice(0, 199)}…`);
    // RFC 5321, 4.5.3.1.6.
    expect(Math.max(...data.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
  });

  it('has no header of a file name with line ends in it', async () => {
    await using server = await smtpServer();
    const title = 'raw/a.csv\r\nBcc: thief@example.org\r\n\r\nbody\u2028x';
    await sendTo(server.port, { notice: { title, lines: [`${title}\r\n.\r\nRCPT TO:<x@y>`] } });
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails;
    const head = (mail?.data ?? '').split('\r\n\r\n', 1)[0] ?? '';
    expect(mail?.to).toEqual(['ops@example.org']);
    expect(head).not.toMatch(/^Bcc/im);
    expect(subjectOf(mail?.data ?? '')).toBe(
      '[argosy] raw/a.csv\\r\\nBcc: thief@example.org\\r\\n\\r\\nbody\\u2028x',
    );
  });

  it('takes lines of any length', async () => {
    await using server = await smtpServer();
    const line = 'x'.repeat(100_000);
    expect((await sendTo(server.port, { notice: { lines: [line] } })).error).toBeNull();
    const lines = (server.mails[0]?.data ?? '').split('\r\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(998);
    expect(lines.join('').replaceAll(/=$|=(?=x)/g, '')).toContain('x'.repeat(10_000));
  });

  it.each([
    [{ answers: { MAIL: '451 try later' } }, 'throttled', 3],
    [{ answers: { MAIL: '550 go away, canary' } }, 'config-invalid', 1],
    [{ answers: { greeting: '421 full, canary' } }, 'throttled', 3],
    [{ answers: { dot: '554 spam, canary' } }, 'config-invalid', 1],
    [{ refused: ['ops@example.org'] }, 'config-invalid', 1],
  ] as const)('that the server answers with %j is %s, after %i tries', async (...row) => {
    const [options, kind, tries] = row;
    await using server = await smtpServer(options);
    const { error, slept } = await sendTo(server.port);
    expect(error?.kind).toBe(kind);
    expect(slept).toHaveLength(tries - 1);
    expect(server.mails).toEqual([]);
    expect(told(error)).not.toMatch(/canary|ops@/);
  });

  it('reaches the others when one receiver is refused, and says how many were', async () => {
    await using server = await smtpServer({ refused: ['gone@example.org'] });
    const { error, slept } = await sendTo(server.port, {
      to: ['gone@example.org', 'ops@example.org'],
    });
    expect(error?.message).toBe('the mail server refused 1 of 2 receivers');
    expect(slept).toEqual([]);
    expect(server.mails.map(({ to }) => to)).toEqual([['ops@example.org']]);
  });

  it.each([
    ['at the greeting', { answers: { greeting: null } }],
    ['at EHLO', { answers: { EHLO: null } }],
    ['after the mail', { answers: { dot: null } }],
  ] as const)('does not wait for ever for a server that is silent %s', async (_, options) => {
    await using server = await smtpServer(options);
    const { error } = await sendTo(server.port, { silenceTimeoutMs: 40 });
    expect(error?.kind).toBe('unavailable');
    const all = await sendTo(server.port, { timeoutMs: 40 });
    expect(all.error?.message).toBe('the mail server took longer than 40 ms');
  });

  it('says that nobody is there', async () => {
    const server = await smtpServer();
    await server[Symbol.asyncDispose]();
    const { error } = await sendTo(server.port, LOGIN);
    expect(error?.message).toBe('the mail server cannot be reached (ECONNREFUSED)');
    expect(told(error)).not.toContain('canary');
  });

  it('is given to no server whose certificate nobody has signed, by STARTTLS or from the start', async () => {
    const tls = selfSigned();
    const login = { ...LOGIN, methods: ['PLAIN'] as const };
    await using open = await smtpServer({ tls, login });
    await using secure = await smtpServer({ tls, login, isSecure: true });
    for (const [port, scheme] of [
      [open.port, 'smtp'],
      [secure.port, 'smtps'],
    ] as const) {
      const { error } = await sendTo(port, { ...LOGIN, scheme });
      expect(error?.kind).toBe('denied');
      expect(error?.message).toContain('no encryption that can be trusted');
      expect(told(error)).not.toContain('canary');
    }
    expect([...open.mails, ...secure.mails]).toEqual([]);
    expect([...open.commands, ...secure.commands]).not.toContain('AUTH');
  });

  it.each([
    ['smtp://user:pass@mail.example.org', true],
    ['smtp://user:pass@127.0.0.1', false],
    ['smtp://user:pass@[::1]:25', false],
    ['smtp://mail.example.org', false],
    ['smtps://user:pass@mail.example.org', false],
  ])('asks %s for STARTTLS or nothing: %s', (url, isDemanded) => {
    const { requireTLS, secure } = serverOf(secret(url));
    expect({ requireTLS, secure }).toEqual({
      requireTLS: isDemanded,
      secure: url.startsWith('smtps:'),
    });
  });

  it('is unavailable when what listens there speaks something else', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const { error } = await sendTo(port);
    await new Promise((resolve) => other.close(resolve));
    expect(error?.kind).toBe('unavailable');
  });
});
