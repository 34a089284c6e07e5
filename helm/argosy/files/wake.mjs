// Touches the CronWorkflows of this release once their WorkflowTemplates are there. Argo's controller looks at a
// CronWorkflow when it is made; Helm makes it before the template it refers to, and the controller looks again only
// after 20 minutes, or when the object is touched. Arguments: namespace, stamp, names CRON=TEMPLATE.
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const WAIT_MS = 2_000;
const TRIES_MAX = 90;
const [namespace, stamp, ...pairs] = process.argv.slice(1);
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
const address = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
const token = await readFile('/var/run/secrets/argosy/token', 'utf8');

async function ask(path, patch) {
  const url = `${address}/apis/argoproj.io/v1alpha1/namespaces/${namespace}/${path}`;
  const headers = {
    Authorization: `Bearer ${token}`,
    ...(patch ? { 'Content-Type': 'application/merge-patch+json' } : {}),
  };
  const reply = await fetch(url, {
    method: patch ? 'PATCH' : 'GET',
    headers,
    body: patch ? JSON.stringify(patch) : undefined,
    signal: AbortSignal.timeout(10_000),
  });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${(await reply.text()).slice(0, 300)}`);
}

async function wake(pair) {
  const [cron, template] = pair.split('=');
  await ask(`workflowtemplates/${template}`);
  await ask(`cronworkflows/${cron}`, {
    metadata: { annotations: { 'argosy.dev/woken-by-revision': stamp } },
  });
  console.log(`${cron} is scheduled`);
}

for (const pair of pairs) {
  for (let tries = 1; ; tries++) {
    try {
      await wake(pair);
      break;
    } catch (error) {
      if (tries >= TRIES_MAX) throw error;
      if (tries % 10 === 1) console.error(String(error));
      await setTimeout(WAIT_MS);
    }
  }
}
