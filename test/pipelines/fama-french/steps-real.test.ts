import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { httpSource } from '../../../services/adapters/source/http.ts';
import { serveHandler, type LoopbackServer } from '../../support/http-server.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goodRun, resultOf, type RunOutcome, START } from '../../support/pipeline.ts';
import { describeWith } from '../../support/require-component.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';

const folder = fileURLToPath(new URL('../../../../shared/data/fama-french/site', import.meta.url));
const realSite = {
  name: 'shared/data/fama-french/site',
  path: existsSync(folder) ? folder : null,
  howToGet: 'the offline archive page lies beside the repository',
};

/** Serves the site with its own origin in place of the one that its page names. */
function serveSite(path: string): Promise<LoopbackServer> {
  return serveHandler(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    if (!existsSync(join(path, name))) {
      response.writeHead(404).end();
      return;
    }
    const bytes = await readFile(join(path, name));
    const origin = `http://${request.headers.host}`;
    const isPage = name.endsWith('.html');
    const page = () => bytes.toString('latin1').replaceAll('http://127.0.0.1:8099', origin);
    response.end(isPage ? Buffer.from(page(), 'latin1') : bytes);
  });
}

describeWith(realSite, 'fama-french on the offline archive page', (path) => {
  let server: LoopbackServer;
  let steps: StepsBench;
  let outcome: RunOutcome;

  beforeAll(async () => {
    server = await serveSite(path);
    const clock = manualClock(START, { autoAdvance: true });
    const source = httpSource({ allowedHosts: [server.host], clock, random: () => 0.5 });
    steps = await stepsBench({ source, pageUrl: `${server.url}/six_portfolios_archive.html` });
    outcome = await goodRun(steps.bench);
  }, 60_000);

  afterAll(async () => {
    await server.close();
    await steps[Symbol.asyncDispose]();
  });

  it('takes nine links, lands eight ZIPs and names one failure', () => {
    expect(resultOf(outcome, 'fetch')).toMatchObject({
      counts: { objectsRead: 9, objectsWritten: 8, objectsFailed: 1 },
      problems: [{ object: expect.stringContaining('202307') }],
    });
  });

  it('extracts five CSVs by their vintage', async () => {
    expect(await steps.keys('raw_data/csv/')).toEqual(
      ['february20', 'january18', 'july17', 'july18', 'july19'].map(
        (month) => `raw_data/csv/${month}_6_Portfolios_2x3.CSV`,
      ),
    );
  });

  it('writes fifty Parquet objects', async () => {
    expect(await steps.keys('transformed_data/')).toHaveLength(50);
    expect(resultOf(outcome, 'catalogue').outputs).toMatchObject({ vintages: '5', objects: '50' });
  });

  it('has ten metrics with 49,740 rows for February 2020', async () => {
    const sql = `SELECT count(DISTINCT metric_type), count(*) FROM raw_data
                 WHERE ingestion_date = '2020-02-29'`;
    const { rows } = await steps.withDatabase((db) => db.select(sql));
    expect(rows).toEqual([[10, 49_740]]);
  });

  it('has the 6,558 rows of the sample lineage row for July 2017', async () => {
    const sql = `SELECT record_count FROM data_ingestion_map
                 WHERE ingestion_date = '2017-07-31' AND metric_type = 'value_weighted_return'`;
    expect((await steps.withDatabase((db) => db.select(sql))).rows).toEqual([[6558]]);
  });
});
