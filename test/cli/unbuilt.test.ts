import { expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

it('a run warns that notices to SNS are not sent', async () => {
  await using home = await tempFolder();
  const env = { ARGOSY_NOTIFY_SNS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:runs' };
  const argv = ['run', 'fama-french', '--sample', '--dry-run'];
  const end = await cli(argv, { cwd: home.path, env });
  expect(end.stderr).toContain('ARGOSY_NOTIFY_SNS_TOPIC_ARN has no effect yet');
});

it('a dry run names what it would fetch, and nothing as published', async () => {
  await using home = await tempFolder();
  const end = await cli(['run', 'fama-french', '--sample', '--dry-run'], { cwd: home.path });
  expect(end.stdout).toContain('dry run: nothing was changed');
  expect(end.stdout).toContain('would ask for  10 downloads');
  expect(end.stdout.match(/^http.*\.zip/gm)).toHaveLength(10);
  expect(end.stdout).not.toContain('published');
});

it('doctor ends with the kind of what failed first', async () => {
  await using home = await tempFolder();
  const env = { ARGOSY_PUSHGATEWAY_URL: 'http://127.0.0.1:9' };
  const end = await cli(['doctor'], { cwd: home.path, env });
  expect(end.exitCode).toBe(30);
  expect(end.stdout).toMatch(/FAILED +pushgateway/);
});

it('secrets in the parameters of a run are in none of its records', async () => {
  await using home = await tempFolder();
  const url = 'archive-url=http://me:pa55word@127.0.0.1:9/x?sig=s1gnature';
  const end = await cli(['run', 'fama-french', '-p', url], { cwd: home.path });
  expect(end.exitCode).not.toBe(0);
  const status = await cli(['status', 'fama-french', '--json'], { cwd: home.path });
  expect(status.stdout).toContain('"http://***@127.0.0.1:9/x?***"');
  expect(status.stdout + end.stderr).not.toMatch(/pa55word|s1gnature/);
});
