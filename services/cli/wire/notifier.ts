import { logNotifier } from '../../adapters/notifier/log.ts';
import { mailNotifier } from '../../adapters/notifier/mail.ts';
import { webhookNotifier } from '../../adapters/notifier/webhook.ts';
import { announce, type Channel } from '../../layers/announce.ts';
import type { Notifier } from '../../ports/notifier.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { withoutSecrets } from '../run/redact-record.ts';
import type { Wiring } from './wire.ts';

export interface NotifierRequest {
  /** The records of the pipeline that the notices are about. */
  records: RecordStore;
  signal: AbortSignal;
  /** Told of each channel that has not taken a notice. */
  onLost: (channel: string) => void;
}

/** Notices go to the log, and to every channel that is configured. */
export function openNotifier(
  wiring: Wiring,
  { records, signal, onLost }: NotifierRequest,
): Notifier {
  const { config, log } = wiring;
  const secrets = config.secrets.map((one) => one.reveal());
  return announce({
    journal: logNotifier(log),
    channels: openChannels(wiring, signal),
    topics: config.notify.topics,
    records,
    safe: (text) => withoutSecrets(text, secrets),
    log,
    signal,
    onLost,
  });
}

/** The channels that are configured; none is opened before it is told something. */
export function openChannels({ config, clock, random }: Wiring, signal: AbortSignal): Channel[] {
  const { webhookUrl, smtpUrl, mailFrom, mailTo } = config.notify;
  const channels: Channel[] = [];
  if (webhookUrl !== undefined) {
    const notifier = webhookNotifier({ url: webhookUrl, clock, random, signal });
    channels.push({ name: 'webhook', notifier });
  }
  if (smtpUrl !== undefined && mailFrom !== undefined) {
    const mail = { url: smtpUrl, from: mailFrom, to: mailTo };
    channels.push({ name: 'mail', notifier: mailNotifier({ ...mail, clock, random, signal }) });
  }
  return channels;
}
