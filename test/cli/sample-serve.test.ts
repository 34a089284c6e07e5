import { createServer, type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeArchive, SAMPLE_VINTAGES } from '../../services/sample/fama-french-archive.ts';
import { serveArchive } from '../../services/sample/archive-server.ts';
import { cli } from '../support/cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

describe('argosy sample', () => {
  let home: TempFolder;
  beforeAll(async () => void (home = await tempFolder()));
  afterAll(() => home.remove());

  it('prints what to give to a run, serves until Ctrl-C, and ends with its code', async () => {
    const end = await cli(['sample', 'fama-french', '--port', '0'], {
      cwd: home.path,
      interrupt: { signal: 'SIGINT', when: 'serving the sample' },
    });
    expect(end.stdout).toMatch(
      /^-p archive-url=http:\/\/127\.0\.0\.1:\d+\/six_portfolios_archive\.html\n$/,
    );
    expect(end.exitCode).toBe(130);
  });

  it('says which port is taken instead of taking another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const end = await cli(['sample', 'fama-french', '--port', String(port)], { cwd: home.path });
    other.close();
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain(`127.0.0.1:${port} cannot be listened at (EADDRINUSE)`);
  });

  it.each(['x', '-1', '65536', ''])('refuses "%s" as a port', async (port) => {
    const end = await cli(['sample', 'fama-french', `--port=${port}`], { cwd: home.path });
    expect([end.exitCode, end.stderr]).toEqual([51, expect.stringContaining('not a port')]);
  });

  it('refuses a pipeline that has no sample', async () => {
    const end = await cli(['sample', 'nowhere', '--port=0'], { cwd: home.path });
    expect([end.exitCode, end.stderr]).toEqual([51, expect.stringContaining('no sample')]);
  });
});

describe('the page of the sample', () => {
  it('leads to the host it was asked for by, and to no host that is HTML', async () => {
    const archive = makeArchive({
      vintages: SAMPLE_VINTAGES,
      seed: 1,
      firstYear: 2010,
    });
    const server = await serveArchive(archive);
    const ask = async (host: string) => {
      const sent = request(server.url, { headers: { host } });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      return { status: response.statusCode, text: Buffer.concat(chunks).toString('latin1') };
    };
    try {
      expect((await ask('argosy-sample:8080')).text).toContain('http://argosy-sample:8080/ftp/');
      expect(await ask('"><script>')).toEqual({ status: 404, text: '' });
    } finally {
      await server.close();
    }
  });
});
