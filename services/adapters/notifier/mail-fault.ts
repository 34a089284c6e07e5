import { type ErrorKind, PipelineError } from '../../core/error.ts';

const HINT = 'see ARGOSY_NOTIFY_SMTP_URL';

/** Codes of nodemailer that trying again does not cure. */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  EAUTH: 'denied',
  ENOAUTH: 'denied',
  ETLS: 'denied',
  EENVELOPE: 'config-invalid',
  EMESSAGE: 'config-invalid',
  ECONFIG: 'config-invalid',
};

const WORDS: Readonly<Partial<Record<ErrorKind, string>>> = {
  denied: 'the mail server did not accept user and password',
  'config-invalid': 'the mail server refused the notice',
  throttled: 'the mail server wants the notice later',
};
const UNREACHED = 'the mail server cannot be reached';
const UNTRUSTED = 'the mail server has no encryption that can be trusted';

/**
 * Why a mail was not sent, by nodemailer's code and the server's number alone: their texts may hold what the server was
 * sent, user, address and all.
 */
export function mailFault(thrown: unknown): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const { code, status } = codesOf(thrown);
  const isTls = code === 'ETLS' || /CERT|SSL|TLS|SIGNED|ALTNAME/.test(code);
  const kind = kindOf(code, status, isTls);
  const words = isTls ? UNTRUSTED : (WORDS[kind] ?? UNREACHED);
  const shown = [code, status === 0 ? '' : `reply ${status}`].filter((part) => part !== '');
  const hint = isTls ? `${HINT}; an authority of your own goes into NODE_EXTRA_CA_CERTS` : HINT;
  return new PipelineError(kind, `${words} (${shown.join(', ') || 'no reason given'})`, { hint });
}

function kindOf(code: string, status: number, isTls: boolean): ErrorKind {
  if (isTls) return 'denied';
  // 4yz asks for another try (RFC 5321, 4.2.1), whatever it was about.
  if (status >= 400 && status < 500) return 'throttled';
  return KINDS[code] ?? (status >= 500 ? 'config-invalid' : 'unavailable');
}

function codesOf(thrown: unknown): { code: string; status: number } {
  if (typeof thrown !== 'object' || thrown === null) return { code: '', status: 0 };
  const own = 'code' in thrown ? thrown.code : '';
  // That of the system, such as ECONNREFUSED, where nodemailer has put its own before it.
  const code = String('originalCode' in thrown ? (thrown.originalCode ?? own) : own);
  const status = 'responseCode' in thrown ? Number(thrown.responseCode) : 0;
  return {
    code: /^\w+$/.test(code) ? code : '',
    status: Number.isInteger(status) ? status : 0,
  };
}
