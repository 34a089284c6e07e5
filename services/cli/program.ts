import { Command, CommanderError } from 'commander';
import { exitCodeOf, type PipelineError, toPipelineError } from '../core/error.ts';
import { printable } from '../core/printable.ts';
import { VERSION } from '../core/version.ts';
import { addCluster } from './cluster/program.ts';
import { collect, example } from './command-help.ts';
import { addBackfill, type BackfillFlags } from './programs/backfill.ts';
import { addEvents, type EventFlags } from './programs/events.ts';
import { addFiles, type FilesFlags } from './programs/files.ts';
import { addForget, type ForgetFlags } from './programs/forget.ts';
import { interruptible } from './interrupt.ts';
import { addLifecycle, type LifecycleFlags } from './programs/lifecycle.ts';
import { addDocs, type DocsFlags } from './programs/docs.ts';
import { addQuery, type QueryFlags } from './programs/query.ts';
import { addReplay, type ReplayFlags } from './programs/replay.ts';
import { addReport, type ReportFlags } from './programs/report.ts';
import { addStatus, type StatusFlags } from './programs/status.ts';
import { addTables } from './programs/tables.ts';
import { addVerify, type VerifyFlags } from './programs/verify.ts';
import { type GlobalFlags, type Io, openSession, type Session } from './session.ts';
import { closeLineage } from './wire/lineage.ts';
import { closeWarehouses } from './wire/warehouse.ts';

/** What stood after the command's name: its arguments in order, and its flags. */
export interface Given {
  args: readonly string[];
  flags: Flags;
}

/** The flags of all commands, as commander names them; a command reads those that it declares. */
export interface Flags
  extends
    GlobalFlags,
    BackfillFlags,
    DocsFlags,
    EventFlags,
    FilesFlags,
    ForgetFlags,
    LifecycleFlags,
    QueryFlags,
    ReplayFlags,
    ReportFlags,
    StatusFlags,
    VerifyFlags {
  json?: boolean;
  csv?: boolean;
  pipeline?: string;
  asOf?: string;
  named?: string;
  limit?: string;
  parameter?: string[];
  file?: string[];
  entrypoint?: string;
  scheduledTime?: string;
  isolate?: boolean;
  /** `--dry-run`; of `submit` also `server` or `client`. */
  dryRun?: boolean | string;
  watch?: boolean;
  warehouse?: boolean;
  ddl?: string;
  notify?: boolean;
  from?: string;
  to?: string;
  name?: string;
  cluster?: boolean;
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  host?: string;
  port?: string;
}

/** A command's work: prints its data to stdout and returns the exit code. */
export type Work = (session: Session, given: Given) => Promise<number>;

/** The exit code of Ctrl-C, by the shells' convention 128 + SIGINT. */
const EXIT_INTERRUPTED = 130;

/** Parses the words after `argosy`, runs the command and returns the exit code (design A5). */
export async function runProgram(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(io, async (command, load) => {
    const flags = command.optsWithGlobals<Flags>();
    exitCode = await interruptible(io, async (signal, leaving) => {
      const session = openSession(io, flags, { signal, leaving });
      // Lines of JSON are for machines: `step.failed` tells them of the interrupt.
      if (session.config.log.format === 'json') leaving.isQuiet = true;
      try {
        return await (
          await load()
        )(session, { args: command.args, flags });
      } finally {
        await closeLineage(session);
        await closeWarehouses(session);
        await session.log.flush();
      }
    });
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      return thrown.exitCode === 0 ? 0 : exitCodeOf('config-invalid');
    }
    const error = toPipelineError(thrown);
    tell(io, error);
    return error.kind === 'interrupted' ? EXIT_INTERRUPTED : exitCodeOf(error.kind);
  }
}

/** One clear error: what failed, then what to do next. */
export function tell(io: Pick<Io, 'stderr'>, error: PipelineError): void {
  io.stderr.write(`error: ${printable(error.message)}\n`);
  if (error.hint !== undefined) io.stderr.write(`hint: ${printable(error.hint)}\n`);
  if (error.kind === 'bug') {
    io.stderr.write(`${error.stack ?? ''}\nThis is a fault in argosy itself.\n`);
  }
}

type Perform = (command: Command, load: () => Promise<Work>) => Promise<void>;
type On = (command: Command, load: () => Promise<Work>) => void;

function buildProgram(io: Io, perform: Perform): Command {
  const program = new Command('argosy')
    .description('Batch data pipelines: the same Argo workflow YAML on a laptop and on Kubernetes.')
    .version(VERSION, '-V, --version')
    .option('--store <address>', 'where objects are kept: file:PATH or s3: (ARGOSY_STORE)')
    .option('--log-level <level>', 'debug, info, warn or error (ARGOSY_LOG_LEVEL)')
    .option('--log-format <format>', 'text or json (ARGOSY_LOG_FORMAT)')
    .option('--no-color', 'plain text (also NO_COLOR=1)')
    .showHelpAfterError('(add --help for options and examples)')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  const on: On = (command, load) => {
    command.action((...all: unknown[]) => perform(all.at(-1) as Command, load));
  };
  addRunning(program, on);
  addCluster(program, on);
  addEvents(program, on);
  addAsking(program, on);
  addLooking(program, on);
  return program;
}

function addRunning(program: Command, on: On): void {
  const run = program
    .command('run')
    .argument('[pipeline]', 'a pipeline, for example fama-french')
    .description('run a pipeline here, from its workflow YAML')
    .option('-p, --parameter <name=value>', 'set a workflow parameter; repeatable', collect, [])
    .option('-f, --file <workflow.yaml>', 'run this file instead; repeatable', collect, [])
    .option('--entrypoint <template>', 'start at this template')
    .option('--scheduled-time <time>', 'run as if scheduled for then, such as 2026-01-05T06:00:00Z')
    .option('--sample', 'use generated data, served on loopback, and a store of its own')
    .option('--isolate', 'run each step as a process of its own, as a container would')
    .option('--dry-run', 'say what would be fetched and change nothing but the record of this run')
    .option('--json', 'print the outcome as JSON');
  example(
    run,
    'argosy run fama-french --sample',
    'argosy run fama-french -p vintage=2017-07',
    'argosy run fama-french -p archive-url=file:mirror/',
    'argosy run csv-intake -p key=uploads/sales.csv',
    'argosy run finance --sample',
    'argosy run --file my-workflow.yaml -p name=value --json',
  );
  on(run, async () => (await import('./commands/run.ts')).run);

  addBackfill(program, on);

  const step = program
    .command('step')
    .argument('<pipeline>', 'whose step')
    .argument('<step>', 'which step')
    .argument('[flags...]', 'the parameters of the step, as --name=value')
    .description('run one step, as a container of the workflow does')
    .passThroughOptions();
  example(
    step,
    'argosy step fama-french catalogue',
    'argosy step fama-french fetch --min-year=2020',
  );
  on(step, async () => (await import('./commands/step.ts')).step);

  const sample = program
    .command('sample')
    .argument('<pipeline>', 'whose sample')
    .description('serve the generated sample of a pipeline until Ctrl-C')
    .option('--host <address>', 'the interface to listen at', '127.0.0.1')
    .option('--port <port>', 'the port to listen at; 0 takes any', '8080');
  example(sample, 'argosy sample fama-french', 'argosy sample fama-french --host 0.0.0.0');
  on(sample, async () => (await import('./commands/sample.ts')).sample);

  const probe = program
    .command('probe', { hidden: true })
    .argument('[flags...]')
    .allowUnknownOption()
    .passThroughOptions();
  on(probe, async () => (await import('./commands/probe.ts')).probe);
}

function addAsking(program: Command, on: On): void {
  addQuery(program, on);

  const diff = program
    .command('diff')
    .argument('<pipeline>', 'whose vintages')
    .argument('<a>', 'a vintage: 2017-07, 2017-07-31 or july17')
    .argument('<b>', 'the vintage to compare it with')
    .description('show what was revised between two vintages')
    .option('--limit <n>', 'how many revised values to show', '20')
    .option('--csv', 'print every revised value as CSV')
    .option('--json', 'print every revised value as JSON')
    .option('--sample', 'compare vintages of the generated sample');
  example(diff, 'argosy diff fama-french 2017-07 2018-07');
  on(diff, async () => (await import('./commands/diff.ts')).diff);
}

function addLooking(program: Command, on: On): void {
  addTables(program, on);
  addDocs(program, on);

  addStatus(program, on);

  const lint = program
    .command('lint')
    .argument('[files...]', 'YAML files, folders, or - for standard input; else workflows/')
    .description('check workflow files, or a rendered chart, before a cluster sees them')
    .option('--json', 'print JSON: one array of findings');
  example(
    lint,
    'argosy lint',
    'argosy lint my-workflow.yaml',
    'helm template argosy helm/argosy -f helm/argosy/values-eks.yaml | argosy lint -',
  );
  on(lint, async () => (await import('./commands/lint.ts')).lint);

  addFiles(program, on);
  addReport(program, on);
  addForget(program, on);
  addLifecycle(program, on);
  addVerify(program, on);
  addReplay(program, on);

  const doctor = program
    .command('doctor')
    .argument('[pipelines...]', 'whose buckets are looked at; all when none is named')
    .description('say what is configured and whether it can be reached')
    .option('--notify', 'send a test notice by every channel that is configured')
    .option('--json', 'print JSON');
  example(
    doctor,
    'argosy doctor',
    'argosy doctor csv-intake',
    'ARGOSY_STORE=s3: argosy doctor',
    'argosy doctor --notify',
  );
  on(doctor, async () => (await import('./commands/doctor.ts')).doctor);
}
