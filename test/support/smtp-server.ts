import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** A mail as the server took it. */
export interface TakenMail {
  from: string;
  to: string[];
  /** The bytes between DATA and the dot, dots unstuffed. */
  data: string;
  isEncrypted: boolean;
  login: { user: string; pass: string } | null;
}

export interface SmtpServerOptions {
  /** Offered as STARTTLS; with `isSecure` spoken from the first byte. */
  tls?: { key: string; cert: string };
  isSecure?: boolean;
  /** What to answer to a command in place of what is right, by its first word; `null` is silence. */
  answers?: Readonly<Record<string, string | null>>;
  /** The password that is right; without it nobody may log in. */
  login?: { user: string; pass: string; methods: readonly ('PLAIN' | 'LOGIN')[] };
  /** Receivers that are refused. */
  refused?: readonly string[];
}

/** A real SMTP server on loopback. */
export interface SmtpServer extends AsyncDisposable {
  port: number;
  mails: TakenMail[];
  /** The first words of all commands. */
  commands: string[];
}

/** Speaks RFC 5321 as far as a client needs it to hand over a mail. */
export async function smtpServer(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const mails: TakenMail[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A client that leaves in the middle is a case of its own, and none of the server's business.
    socket.on('error', () => undefined);
    const isSecure = options.isSecure === true && options.tls !== undefined;
    const stream = isSecure ? encrypted(socket, options) : socket;
    talk({ options, mails, commands, stream, isEncrypted: isSecure, isGreeted: false });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: address.port, mails, commands, [Symbol.asyncDispose]: close };
}

function encrypted(socket: Socket, { tls }: SmtpServerOptions): TLSSocket {
  const secure = new TLSSocket(socket, { ...tls, isServer: true });
  secure.on('error', () => socket.destroy());
  return secure;
}

interface Talk {
  options: SmtpServerOptions;
  mails: TakenMail[];
  commands: string[];
  stream: Socket;
  isEncrypted: boolean;
  isGreeted: boolean;
}

interface State {
  mail: { from: string; to: string[] };
  login: TakenMail['login'];
  /** What takes the next lines, when they are no commands. */
  reader: ((line: string) => void) | null;
}

function talk(with_: Talk): void {
  const { stream, options } = with_;
  const say = (line: string): void => void stream.write(`${line}\r\n`);
  const state: State = { mail: { from: '', to: [] }, login: null, reader: null };
  const greeting = options.answers?.['greeting'];
  if (!with_.isGreeted && greeting !== null) say(greeting ?? '220 loopback ESMTP');
  let rest = '';
  const onData = (chunk: Buffer): void => {
    rest += chunk.toString('utf8');
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (state.reader) state.reader(line);
      else if (command(with_, state, { line, say }) === 'upgrade') {
        stream.off('data', onData);
        const secure = encrypted(stream, options);
        talk({ ...with_, stream: secure, isEncrypted: true, isGreeted: true });
        return;
      }
    }
  };
  stream.on('data', onData);
}

interface Said {
  line: string;
  say: (line: string) => void;
}

function command(with_: Talk, state: State, { line, say }: Said): 'upgrade' | undefined {
  const { options, commands } = with_;
  const word = (line.split(' ')[0] ?? '').toUpperCase();
  commands.push(word);
  const planned = options.answers?.[word];
  if (planned !== undefined) {
    if (planned !== null) say(planned);
    return undefined;
  }
  if (word === 'EHLO') for (const reply of abilities(with_)) say(reply);
  else if (word === 'STARTTLS') {
    say('220 go ahead');
    return 'upgrade';
  } else if (word === 'AUTH') authenticate(with_, state, { line, say });
  else if (word === 'MAIL') {
    state.mail = { from: addressIn(line), to: [] };
    say('250 ok');
  } else if (word === 'RCPT') {
    const isRefused = options.refused?.includes(addressIn(line)) === true;
    if (!isRefused) state.mail.to.push(addressIn(line));
    say(isRefused ? `550 no such user ${addressIn(line)}` : '250 ok');
  } else if (word === 'DATA') takeData(with_, state, say);
  else if (word === 'QUIT') {
    say('221 bye');
    with_.stream.end();
  } else say('250 ok');
  return undefined;
}

function abilities({ options, isEncrypted }: Talk): string[] {
  const lines = ['loopback'];
  if (options.tls && !isEncrypted) lines.push('STARTTLS');
  if (options.login) lines.push(`AUTH ${options.login.methods.join(' ')}`);
  lines.push('8BITMIME');
  return lines.map((line, at) => `250${at === lines.length - 1 ? ' ' : '-'}${line}`);
}

function authenticate({ options }: Talk, state: State, { line, say }: Said): void {
  const [, method = '', initial] = line.split(' ');
  const decode = (text: string): string => Buffer.from(text, 'base64').toString();
  const judge = (user: string, pass: string): void => {
    const isRight = user === options.login?.user && pass === options.login.pass;
    if (isRight) state.login = { user, pass };
    say(isRight ? '235 welcome' : `535 5.7.8 ${user} with ${pass} is not known here`);
  };
  const ask = (question: string, then: (answer: string) => void): void => {
    say(`334 ${Buffer.from(question).toString('base64')}`);
    state.reader = (answer) => {
      state.reader = null;
      then(decode(answer));
    };
  };
  const plain = (text: string): void => {
    const [, user = '', pass = ''] = text.split('\0');
    judge(user, pass);
  };
  if (method === 'PLAIN') {
    if (initial === undefined) ask('', plain);
    else plain(decode(initial));
  } else ask('Username:', (user) => ask('Password:', (pass) => judge(user, pass)));
}

function takeData({ mails, options, isEncrypted }: Talk, state: State, say: Said['say']): void {
  say('354 end with a dot');
  const lines: string[] = [];
  state.reader = (line) => {
    if (line !== '.') {
      lines.push(line.startsWith('.') ? line.slice(1) : line);
      return;
    }
    state.reader = null;
    const after = options.answers?.['dot'];
    if (after === undefined) {
      const { mail, login } = state;
      mails.push({ ...mail, data: lines.join('\r\n'), isEncrypted, login });
    }
    if (after !== null) say(after ?? '250 taken');
  };
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}
