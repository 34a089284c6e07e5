import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { decodeEventKey } from '../../services/core/key.ts';
import { evaluateCondition, evaluateExpression } from '../../services/runner/expression.ts';
import type { ValueMap } from '../../services/runner/expression/value.ts';
import { utf8 } from '../support/bytes.ts';
import { cli } from '../support/cli.ts';
import { describeWith } from '../support/require-component.ts';
import { minioProgram, type S3Server, startMinio } from '../support/s3-server.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { listAt, namedAt, textAt } from '../support/tree.ts';
import { waitFor } from '../support/watch-bench.ts';
import { webhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const EVENTS = fileURLToPath(new URL('../../workflows/events.yaml', import.meta.url));
const BUCKET = 'argosy-csv-intake';
const binding: unknown = parseAllDocuments(readFileSync(EVENTS, 'utf8'))
  .map((document): unknown => document.toJS())
  .find((each) => textAt(each, 'metadata', 'name') === 'csv-intake-uploaded');

describeWith(minioProgram(), 'what MinIO tells the binding of csv-intake', (program) => {
  let folder: TempFolder;
  let server: S3Server;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    folder = await tempFolder();
    receiver = await webhookReceiver();
    server = await startMinio(program, {
      MINIO_NOTIFY_WEBHOOK_ENABLE_ARGO: 'on',
      MINIO_NOTIFY_WEBHOOK_ENDPOINT_ARGO: receiver.url,
      MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_ARGO: 'FOLDER/queue',
    });
    const lines = [
      'ARGOSY_STORE=s3:',
      `ARGOSY_S3_ENDPOINT=${server.endpoint}`,
      `AWS_ACCESS_KEY_ID=${server.accessKeyId}`,
      `AWS_SECRET_ACCESS_KEY=${server.secretAccessKey}`,
    ];
    await writeFile(join(folder.path, '.env'), `${lines.join('\n')}\n`);
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    await receiver?.close();
    await folder?.remove();
  });

  it('selects each upload, and hands on a key without braces that decodes to what was put', async () => {
    const arn = 'arn:minio:sqs::ARGO:webhook';
    const end = await cli(['setup', 'csv-intake', '--webhook', arn], { cwd: folder.path });
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    const store = s3Store({ connection: server.connection, bucket: BUCKET });
    const keys = [
      'uploads/plain.csv',
      'uploads/a b+c & (1) é 文.CSV',
      'uploads/deep/er/100%25.csv.gz',
      'uploads/{{workflow.name}}{{=1}}.csv',
      `uploads/'"$(x)\`.csv`,
    ];
    const others = ['uploads/no.txt', 'processed/x.csv', 'uploads/x.csv.part'];
    for (const key of [...keys, ...others]) await store.put(key, utf8('n\n1\n'));
    await waitFor(() => receiver.received.length >= keys.length);
    const given = receiver.received.flatMap(({ body }) => eventKey(body) ?? []);
    for (const text of given) expect(text).toMatch(/^[A-Za-z0-9%+._~!*'()/-]+$/);
    expect([...new Set(given.map(decodeEventKey))].toSorted()).toEqual(keys.toSorted());
  });
});

/** The `event-key` that Argo's server would submit for a body, or null when the binding leaves it alone. */
function eventKey(body: Buffer): string | null {
  const payload = JSON.parse(body.toString()) as ValueMap;
  const env: ValueMap = { discriminator: 'minio', payload };
  if (!evaluateCondition(textAt(binding, 'spec', 'event', 'selector'), env)) return null;
  expect(listAt(binding, 'spec', 'submit', 'arguments', 'parameters')).toHaveLength(2);
  const parameter = namedAt(binding, 'event-key', 'spec', 'submit', 'arguments', 'parameters');
  const value = evaluateExpression(textAt(parameter, 'valueFrom', 'event'), env);
  return typeof value === 'string' ? value : null;
}
