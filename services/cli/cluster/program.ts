import { type Command, Option } from 'commander';
import { collect, example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** Adds the commands that speak to a cluster. */
export function addCluster(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const submit = program
    .command('submit')
    .argument('<pipeline>', 'a pipeline, for example fama-french')
    .description('run a pipeline on Kubernetes, from its WorkflowTemplate in the cluster')
    .option('-p, --parameter <name=value>', 'set a workflow parameter; repeatable', collect, [])
    .option('-w, --watch', 'follow the run to its end, and end with the exit code of its steps')
    .option('--name <name>', 'how the workflow is called (else by pipeline and logical date)')
    .addOption(
      new Option('--dry-run [mode]', 'create nothing: print what would be created').choices([
        'server',
        'client',
      ]),
    )
    .option('--json', 'print JSON');
  withCluster(submit);
  example(
    submit,
    'argosy submit fama-french --watch',
    'argosy submit fama-french -p logical-date=2026-01-05 -p vintage=2017-07',
    'argosy submit fama-french --dry-run=server',
    'argosy submit fama-french --dry-run=client | kubectl create -f -',
  );
  on(submit, async () => (await import('../commands/submit.ts')).submit);

  const follow = program
    .command('follow')
    .argument('<name>', 'the name of a workflow')
    .description('watch a workflow in the cluster to its end, whoever started it')
    .option('--json', 'print the outcome as JSON');
  withCluster(follow);
  example(follow, 'argosy follow fama-french-20260105');
  on(follow, async () => (await import('../commands/follow.ts')).follow);

  const stop = program
    .command('stop')
    .argument('<name>', 'the name of a workflow')
    .description('stop a workflow in the cluster; its exit handler still runs');
  withCluster(stop);
  example(stop, 'argosy stop fama-french-20260105');
  on(stop, async () => (await import('../commands/stop.ts')).stop);
}

/** Adds the flags that say which cluster. */
export function withCluster(command: Command): void {
  command
    .option('-n, --namespace <name>', "where the workflows are (else the context's namespace)")
    .option('--context <name>', "which cluster (else the kubeconfig's current context)")
    .option('--kubeconfig <file>', 'else KUBECONFIG, ~/.kube/config, or the pod’s own account');
}
