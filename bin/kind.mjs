import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { contentTag } from './image-tag.mjs';

/*
 * The loop on a cluster of one's own: up, load, deploy, status, down. Uses nothing but Node, docker, kind, kubectl and helm,
 * tells every command that it runs, and speaks to the cluster kind-argosy only. Each part may be run any number of times: it
 * goes on from what is there.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLUSTER = 'argosy';
const CONTEXT = `kind-${CLUSTER}`;
const NAMESPACE = 'argosy';
// Taken once: what is built is what is installed, even while somebody edits.
const tag = contentTag(ROOT);
const EXIT_CONFIG = 51;
const EXIT_UNAVAILABLE = 30;
const EXIT_INTERRUPTED = 130;

const TOOLS = {
  docker: 'https://docs.docker.com/engine/install/',
  kind: 'https://kind.sigs.k8s.io/ (or: go install sigs.k8s.io/kind@v0.31.0)',
  kubectl: 'https://kubernetes.io/docs/tasks/tools/',
  helm: 'https://helm.sh/docs/intro/install/ (or: go install helm.sh/helm/v3/cmd/helm@latest)',
};

const PARTS = {
  up: {
    says: 'everything: cluster, Argo Workflows, image, chart',
    tools: ['docker', 'kind', 'kubectl', 'helm'],
    run: up,
  },
  load: { says: 'build the image and put it into the node', tools: ['docker', 'kind'], run: load },
  deploy: {
    says: 'load, then install or upgrade the chart with the image of this working tree',
    tools: ['docker', 'kind', 'kubectl', 'helm'],
    run: deploy,
  },
  status: { says: 'what runs, and where', tools: ['kind', 'kubectl'], run: status },
  down: { says: 'delete the cluster and all that is in it', tools: ['kind'], run: down },
};

const words = process.argv.slice(2);
const isDryRun = words.includes('--dry-run');
const part = PARTS[words.find((word) => !word.startsWith('-')) ?? ''];

let running = null;
let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    isStopped = true;
    // A terminal's Ctrl-C reaches the command too; it ends by itself, and nothing follows it.
    if (running === null) process.exit(EXIT_INTERRUPTED);
    if (signal === 'SIGTERM') running.kill(signal);
  });
}

if (part === undefined || words.includes('--help')) {
  help();
  process.exit(words.includes('--help') ? 0 : EXIT_CONFIG);
}
checkTools(part.tools);
await part.run();

function help() {
  const lines = Object.entries(PARTS).map(([name, { says }]) => `  ${name.padEnd(8)}${says}`);
  process.stderr.write(
    `usage: node bin/kind.mjs PART [--dry-run]\n\n${lines.join('\n')}\n\n` +
      '--dry-run says what would be run. docs/kind.md tells more.\n',
  );
}

async function up() {
  if (clusters().includes(CLUSTER)) {
    say(`the cluster ${CLUSTER} is there`);
    await run('kind', ['export', 'kubeconfig', '--name', CLUSTER]);
  } else {
    const config = join(ROOT, 'kind-config.yaml');
    await run('kind', [
      'create',
      'cluster',
      '--name',
      CLUSTER,
      '--config',
      config,
      '--wait',
      '180s',
    ]);
  }
  // One that was interrupted while it was made may never get ready: the time has an end, and the hint says what helps.
  await kubectl(['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout', '180s']);
  await installArgo();
  await deploy();
}

/** Server-side, because the full definitions of Argo's kinds are too large for the annotation of a plain apply. */
async function installArgo() {
  const apply = ['apply', '--server-side', '--force-conflicts', '-k', join(ROOT, 'bin/kind/argo')];
  await kubectl(apply);
  for (const name of ['workflow-controller', 'argo-server']) {
    const of = ['--namespace', 'argo', '--timeout', '300s'];
    await kubectl(['rollout', 'status', `deployment/${name}`, ...of]);
  }
}

async function load() {
  const image = `argosy:${tag}`;
  if (isThere(image)) say(`the image ${image} is built`);
  else await run('docker', ['build', '--tag', image, ROOT]);
  await run('kind', ['load', 'docker-image', image, '--name', CLUSTER]);
}

/** Loads first: a chart whose image the node does not have would be waited for in vain. */
async function deploy() {
  await load();
  await kubectl(['apply', '-f', join(ROOT, 'bin/kind/namespace.yaml')]);
  const chart = join(ROOT, 'helm/argosy');
  const values = ['--values', join(chart, 'values-kind.yaml'), '--set-string', `image.tag=${tag}`];
  const where = ['--kube-context', CONTEXT, '--namespace', NAMESPACE];
  const patience = ['--wait', '--timeout', '10m'];
  await run('helm', ['upgrade', '--install', 'argosy', chart, ...where, ...values, ...patience]);
  await kubectl(['apply', '-f', join(ROOT, 'bin/kind/doors.yaml')]);
  tellDoors();
}

async function status() {
  if (!isDryRun && !clusters().includes(CLUSTER)) {
    fail(EXIT_CONFIG, `there is no cluster ${CLUSTER}`, 'npm run kind:up makes it');
  }
  await kubectl(['get', 'deployments', '--namespace', 'argo']);
  const kinds = 'deployments,workflowtemplates,cronworkflows,workflows';
  await kubectl(['get', kinds, '--namespace', NAMESPACE]);
  tellDoors();
}

async function down() {
  await run('kind', ['delete', 'cluster', '--name', CLUSTER]);
}

function tellDoors() {
  const secret = ['get', 'secret', 'argosy-dev', '--context', CONTEXT, '--namespace', NAMESPACE];
  const password = `kubectl ${secret.join(' ')} --output jsonpath='{.data.KEY}' | base64 --decode`;
  say(`
Argo Workflows  http://127.0.0.1:2746/workflows/${NAMESPACE}
Grafana         http://127.0.0.1:3000/dashboards
Prometheus      http://127.0.0.1:9090/alerts
Pushgateway     http://127.0.0.1:9091
MinIO           http://127.0.0.1:9001 (user minio-dev, KEY minio-password); its S3 API is at port 9000
PostgreSQL      127.0.0.1:5432 (user argosy, KEY postgresql-password)
Passwords       ${password}

Next:
  argosy submit fama-french --namespace ${NAMESPACE} --context ${CONTEXT} --watch
  argo submit --namespace ${NAMESPACE} --from workflowtemplate/fama-french --watch
With a generated archive, which needs no internet, add to either
  -p archive-url=http://argosy-sample:8080/six_portfolios_archive.html
Then:
  npm run kind:load && npm run kind:deploy     after a change
  npm run kind:down                            takes everything away`);
}

function kubectl(args) {
  return run('kubectl', ['--context', CONTEXT, ...args]);
}

/** Runs the command to its end with its own output; ends this program with 30 when it fails. */
async function run(command, args) {
  if (isStopped) stop();
  say(`$ ${[command, ...args].map(quoted).join(' ')}`);
  if (isDryRun) return;
  running = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  const [code, signal] = await new Promise((resolve, reject) => {
    running.once('error', reject);
    running.once('close', (...how) => resolve(how));
  });
  running = null;
  if (isStopped) stop();
  if (code === 0) return;
  const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
  const again =
    `see above; once that is mended, npm run kind:${words[0]} goes on from here. ` +
    'A cluster that was left half made is taken away by npm run kind:down';
  fail(EXIT_UNAVAILABLE, `${command} ${args[0] ?? ''} ${how}`, again);
}

function stop() {
  process.stderr.write(`stopped; npm run kind:${words[0]} goes on from here\n`);
  process.exit(EXIT_INTERRUPTED);
}

function clusters() {
  if (isDryRun) return [];
  const {
    status: code,
    stdout,
    stderr,
  } = spawnSync('kind', ['get', 'clusters'], {
    encoding: 'utf8',
  });
  if (code === 0) return stdout.split('\n').map((line) => line.trim());
  process.stderr.write(stderr);
  return fail(EXIT_UNAVAILABLE, 'kind cannot list its clusters', 'is docker running?');
}

function isThere(image) {
  if (isDryRun) return false;
  return spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0;
}

function checkTools(names) {
  if (isDryRun) return;
  const missing = names.filter((name) => !isOnPath(name));
  if (missing.length === 0) return;
  const lines = missing.map((name) => `  ${name}: ${TOOLS[name]}`);
  fail(EXIT_CONFIG, `not on PATH: ${missing.join(', ')}`, `get them from\n${lines.join('\n')}`);
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      // Not in this folder.
      return false;
    }
  });
}

function fail(exitCode, message, hint) {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exit(exitCode);
}

/** Progress is no result, so it goes to stderr. */
function say(text) {
  process.stderr.write(`${text}\n`);
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
