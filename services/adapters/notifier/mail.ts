import { DEFAULT_RETRY_POLICY, type RetryPolicy, waitBeforeRetryMs } from '../../core/backoff.ts';
import { PipelineError } from '../../core/error.ts';
import { fitText } from '../../core/fit-text.ts';
import { sha256 } from '../../core/manifest.ts';
import { printable } from '../../core/printable.ts';
import type { Secret } from '../../core/secret.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Notice, Notifier } from '../../ports/notifier.ts';
import { mailFault } from './mail-fault.ts';

export interface MailOptions {
  /** `smtp://user:password@host:port` or `smtps://…`; user and password may be left out. */
  url: Secret;
  from: string;
  to: readonly string[];
  clock: Clock;
  /** In [0, 1): spreads the waits between tries. */
  random: () => number;
  /** Ends the sending. */
  signal: AbortSignal;
  /** The longest silence of the server. Default 15 seconds. */
  silenceTimeoutMs?: number | undefined;
  /** One try, from the first byte to the last. Default 45 seconds. */
  timeoutMs?: number | undefined;
  policy?: Partial<RetryPolicy> | undefined;
}

const SILENCE_MS_MAX = 15_000;
const TIMEOUT_MS = 45_000;
const SUBJECT_LENGTH_MAX = 200;

const POLICY: RetryPolicy = { ...DEFAULT_RETRY_POLICY, attemptsMax: 3, baseMs: 500 };

/**
 * Sends notices as plain text by SMTP. STARTTLS is taken when it is offered; with a password it must be, but to this
 * machine itself. A notice that may have been sent already goes out under the same Message-ID.
 */
export function mailNotifier(options: MailOptions): Notifier {
  const policy = { ...POLICY, ...options.policy };
  return {
    send: async (notice) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await sendOnce(options, notice);
        } catch (error) {
          const waitMs = waitBeforeRetryMs({ error, attempt, random: options.random }, policy);
          if (waitMs === null) throw error;
          await options.clock.sleep(waitMs, options.signal);
        }
      }
    },
  };
}

async function sendOnce(options: MailOptions, notice: Notice): Promise<void> {
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(serverOf(options.url, options.silenceTimeoutMs));
  const deadline = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([signal, deadline]);
  try {
    ended.throwIfAborted();
    const sent = await Promise.race([
      transport.sendMail(messageOf(options, notice)),
      abortOf(ended),
    ]);
    const refusedCount = sent.rejected.length;
    if (refusedCount === 0) return;
    const count = `${refusedCount} of ${options.to.length} receivers`;
    throw new PipelineError('config-invalid', `the mail server refused ${count}`, {
      hint: 'the others have the notice; see ARGOSY_NOTIFY_MAIL_TO',
    });
  } catch (thrown) {
    signal.throwIfAborted();
    throw deadline.aborted ? slow(timeoutMs) : mailFault(thrown);
  } finally {
    transport.close();
  }
}

function slow(timeoutMs: number): PipelineError {
  return new PipelineError('unavailable', `the mail server took longer than ${timeoutMs} ms`, {
    hint: 'see ARGOSY_NOTIFY_SMTP_URL',
  });
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** What nodemailer is told of the server behind an address. */
export function serverOf(url: Secret, silenceTimeoutMs = SILENCE_MS_MAX) {
  const address = new URL(url.reveal());
  const isSecure = address.protocol === 'smtps:';
  const host = address.hostname.replace(/^\[|\]$/g, '');
  const user = decodeURIComponent(address.username);
  const pass = decodeURIComponent(address.password);
  const hasLogin = user !== '' || pass !== '';
  return {
    host,
    port: Number(address.port) || (isSecure ? 465 : 587),
    secure: isSecure,
    requireTLS: hasLogin && !isSecure && !isLoopback(host),
    ...(hasLogin ? { auth: { user, pass } } : {}),
    connectionTimeout: silenceTimeoutMs,
    greetingTimeout: silenceTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    dnsTimeout: silenceTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false as const,
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function messageOf({ from, to, clock }: MailOptions, notice: Notice) {
  const { topic, severity, pipeline, runId, occasion, title, lines } = notice;
  const now = clock.now();
  const id = sha256(JSON.stringify([pipeline, runId, occasion ?? now.toISOString()])).slice(0, 32);
  const facts = [
    `pipeline: ${pipeline}`,
    `run: ${runId}`,
    `severity: ${severity}`,
    `topic: ${topic}`,
  ];
  return {
    // As objects: no part of an address is read as another address or a name.
    from: { name: 'argosy', address: from },
    to: to.map((address) => ({ name: '', address })),
    subject: fitText(`[argosy] ${printable(title)}`, SUBJECT_LENGTH_MAX),
    text: `${[title, '', ...lines, ...(lines.length > 0 ? [''] : []), ...facts].join('\n')}\n`,
    date: now,
    messageId: `<${id}@argosy.invalid>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    xMailer: false as const,
  };
}
