import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliEnd, cli } from '../support/cli.ts';
import { type LoopbackServer, serveHandler } from '../support/http-server.ts';
import { selfSigned } from '../support/self-signed.ts';
import { type SmtpServer, smtpServer } from '../support/smtp-server.ts';
import { stepProcess } from '../support/step-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CANARY = 'hook-canary';
const PASS = 'mail-canary';

interface Hook extends LoopbackServer {
  bodies: string[];
}

async function hook(status = 200): Promise<Hook> {
  const bodies: string[] = [];
  const server = await serveHandler(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks).toString());
    response.writeHead(status).end();
  });
  return { ...server, bodies };
}

function settings(webhook: LoopbackServer, mail: SmtpServer): Record<string, string> {
  return {
    ARGOSY_NOTIFY_WEBHOOK_URL: `${webhook.url}/${CANARY}`,
    ARGOSY_NOTIFY_SMTP_URL: `smtp://argosy:${PASS}@127.0.0.1:${mail.port}`,
    ARGOSY_NOTIFY_MAIL_FROM: 'argosy@example.org',
    ARGOSY_NOTIFY_MAIL_TO: 'ops@example.org, team@example.org',
    ARGOSY_RUN_ID: 'csv-intake-7',
    ARGOSY_LOGICAL_DATE: '2026-11-21',
  };
}

const LOGIN = { user: 'argosy', pass: PASS, methods: ['PLAIN'] as const };
const EXIT = ['step', 'csv-intake', 'exit', '--duration=9'];

function expectNoSecret(...ends: CliEnd[]): void {
  for (const { stdout, stderr } of ends) expect(stdout + stderr).not.toMatch(/canary/);
}

describe('a notice of the exit step', () => {
  it('reaches webhook and mail once, however often the step is tried', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    await using webhook = await hook();
    await using mail = await smtpServer({ login: LOGIN });
    const env = settings(webhook, mail);
    const first = await cli([...EXIT, '--status=Failed'], { cwd, env });
    const again = await cli([...EXIT, '--status=Failed'], { cwd, env });
    expect([first.exitCode, again.exitCode]).toEqual([0, 0]);
    expect(webhook.bodies).toHaveLength(1);
    expect(webhook.bodies[0]).toContain('csv-intake 2026-11-21 failed');
    expect(mail.mails).toMatchObject([{ to: ['ops@example.org', 'team@example.org'] }]);
    expectNoSecret(first, again);
    // The same run taken up again, and well this time.
    await cli([...EXIT, '--status=Succeeded'], { cwd, env });
    expect(webhook.bodies[1]).toContain('succeeded');
    expect(mail.mails).toHaveLength(2);
  });

  it('that one channel does not take reaches the other, is a warning and a metric, and fails no run', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    await using webhook = await hook(403);
    await using mail = await smtpServer({ login: LOGIN });
    const env = settings(webhook, mail);
    const end = await cli([...EXIT, '--status=Failed'], { cwd, env });
    expect(end.exitCode).toBe(0);
    expect(end.stderr).toContain('notice.not_sent');
    expect(end.stderr).toContain('the webhook answered 403');
    expect(mail.mails).toHaveLength(1);
    expectNoSecret(end);
    const metrics = await readFile(join(cwd, '.argosy/metrics/csv-intake.prom'), 'utf8');
    expect(metrics).toContain('argosy_notices_lost{pipeline="csv-intake"} 1');
  });

  it('of a topic that is not wanted stays in the log', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    await using webhook = await hook();
    await using mail = await smtpServer({ login: LOGIN });
    const env = { ...settings(webhook, mail), ARGOSY_NOTIFY_TOPICS: 'quality,cost' };
    const end = await cli([...EXIT, '--status=Failed'], { cwd, env });
    expect(end.stderr).toContain('notice.send');
    expect([...webhook.bodies, ...mail.mails]).toEqual([]);
  });

  it('has no secret in it, of whatever setting, when a step failed with one in its message', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    await using webhook = await hook();
    await using mail = await smtpServer({ login: LOGIN });
    const env = { ...settings(webhook, mail), ARGOSY_MARKET_API_KEY: 'market-canary' };
    const key = 'uploads/market-canary.csv';
    await cli(['step', 'csv-intake', 'plan', `--key=${key}`], { cwd, env });
    const end = await cli([...EXIT, '--status=Failed'], { cwd, env });
    expect(webhook.bodies).toHaveLength(1);
    expect(webhook.bodies[0]).toContain('there is no such object');
    expect(webhook.bodies[0]).not.toContain('canary');
    expect(mail.mails[0]?.data).not.toContain('canary');
    expectNoSecret(end);
  });
});

describe('a run here', () => {
  it('tells once that it has failed, and a dry run tells nothing', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    await using webhook = await hook();
    await using mail = await smtpServer({ login: LOGIN });
    const env = settings(webhook, mail);
    delete env['ARGOSY_RUN_ID'];
    const failed = await cli(['run', 'csv-intake', '-p', 'key=uploads/gone.csv'], { cwd, env });
    expect(failed.exitCode).toBe(23);
    expect(webhook.bodies).toHaveLength(1);
    expect(webhook.bodies[0]).toMatch(/failed: .*there is no such object/);
    expect(mail.mails).toHaveLength(1);
    const dry = ['run', 'fama-french', '--dry-run', '-p', 'archive-url=file:gone'];
    expect((await cli(dry, { cwd, env })).exitCode).not.toBe(0);
    expect(webhook.bodies).toHaveLength(1);
    expectNoSecret(failed);
  });
});

describe('argosy doctor', () => {
  it('names the channels, sends nothing by itself, and a test with --notify', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    await using webhook = await hook();
    await using mail = await smtpServer({ login: LOGIN });
    const env = settings(webhook, mail);
    delete env['ARGOSY_RUN_ID'];
    delete env['ARGOSY_LOGICAL_DATE'];
    const look = await cli(['doctor', 'finance'], { cwd, env });
    expect(look.stdout).toMatch(/ok +store of finance +/);
    expect(look.stdout).toMatch(/ok +store of finance-processed +/);
    expect(look.stdout).not.toContain('store of csv-intake');
    expect(look.stdout).toMatch(/ok +notices by webhook +configured/);
    expect(look.stdout).toMatch(/ok +notices by mail +configured/);
    expect([...webhook.bodies, ...mail.mails]).toEqual([]);
    const sent = await cli(['doctor', '--notify'], { cwd, env });
    expect(sent.exitCode).toBe(0);
    expect(webhook.bodies).toHaveLength(1);
    expect(mail.mails).toHaveLength(1);
    await webhook.close();
    const lost = await cli(['doctor', '--notify'], { cwd, env });
    expect(lost.exitCode).toBe(30);
    expect(lost.stderr).toContain('notices by webhook: the webhook cannot be reached');
    expectNoSecret(look, sent, lost);
  });

  it('sends by STARTTLS and smtps to a server whose authority NODE_EXTRA_CA_CERTS names', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    const tls = selfSigned();
    await writeFile(join(cwd, 'ca.pem'), tls.cert);
    await using open = await smtpServer({ tls, login: LOGIN });
    await using secure = await smtpServer({ tls, login: LOGIN, isSecure: true });
    for (const [scheme, server] of [
      ['smtp', open],
      ['smtps', secure],
    ] as const) {
      const env = {
        NODE_EXTRA_CA_CERTS: join(cwd, 'ca.pem'),
        ARGOSY_NOTIFY_SMTP_URL: `${scheme}://argosy:${PASS}@127.0.0.1:${server.port}`,
        ARGOSY_NOTIFY_MAIL_FROM: 'argosy@example.org',
        ARGOSY_NOTIFY_MAIL_TO: 'ops@example.org',
      };
      const { exitCode, stderr } = await stepProcess(['doctor', '--notify'], { cwd, env }).end;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(server.mails).toMatchObject([{ isEncrypted: true, login: { pass: PASS } }]);
    }
  });
});
