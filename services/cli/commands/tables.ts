import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import type {
  CatalogueEntry,
  CataloguePipeline,
} from '../../stages/observe/catalogue/catalogue.ts';
import { catalogueJson } from '../catalogue/catalogue-json.ts';
import { detail } from '../catalogue/detail.ts';
import { overview } from '../catalogue/overview.ts';
import { sessionCatalogue } from '../catalogue/read-sources.ts';
import { tellFaults } from '../catalogue/tell-faults.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import type { Session } from '../session.ts';

/** Runs of each pipeline that a listing looks at. */
const RUNS_MAX = 20;
/** Columns of the listing where there is no terminal. */
const WIDTH = 80;

interface Found {
  pipeline: CataloguePipeline;
  entry: CatalogueEntry;
}

/** `argosy tables [NAME]`: the datasets of every pipeline and what is there of them, or one in full. */
export const tables: Work = async (session, given) => {
  if (given.flags.ddl !== undefined)
    return (await import('./table-ddl.ts')).tableDdl(session, given);
  const [name] = given.args;
  const { pipeline } = given.flags;
  const isWanted = (entry: CatalogueEntry): boolean => name === undefined || isNamed(entry, name);
  const all = await sessionCatalogue(session, { pipeline, runsMax: RUNS_MAX, isWanted });
  if (name === undefined) printAll(session, given, all);
  else printOne(session, given, findOne(all, name));
  return tellFaults(session, all);
};

function printAll(session: Session, given: Given, all: readonly CataloguePipeline[]): void {
  const { io, flags, self } = session;
  if (given.flags.json === true) {
    printJson(
      session,
      all.flatMap((one) => one.entries.map((entry) => catalogueJson(one, entry))),
    );
    return;
  }
  const text = overview(all, {
    now: io.clock.now(),
    // One long name must not make every line long; --json has it in full.
    widthMax: io.stdout.isTTY === true ? widthOf(session) : WIDTH,
    runCommand: `${self} run`,
    runFlags: flags.sample === true ? ' --sample' : '',
  });
  io.stdout.write(text);
}

function printOne(session: Session, given: Given, { pipeline, entry }: Found): void {
  const { io } = session;
  if (given.flags.json === true) printJson(session, [catalogueJson(pipeline, entry)]);
  else
    io.stdout.write(detail(pipeline, entry, { now: io.clock.now(), widthMax: widthOf(session) }));
}

/** A dataset goes by its name, with its schema too, and with its pipeline before a slash. */
function isNamed({ id, pipeline, dataset }: CatalogueEntry, name: string): boolean {
  return [dataset.name, id, `${pipeline}/${dataset.name}`, `${pipeline}/${id}`].includes(name);
}

function findOne(all: readonly CataloguePipeline[], name: string): Found {
  const every = all.flatMap((pipeline) => pipeline.entries.map((entry) => ({ pipeline, entry })));
  const found = every.filter(({ entry }) => isNamed(entry, name));
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  if (first !== undefined) throw ambiguous(name, found);
  const names = every.flatMap(({ entry }) => [entry.dataset.name, entry.id]);
  const near = nearest(name, names);
  throw new PipelineError('config-invalid', `there is no dataset "${name}"`, {
    hint: near === undefined ? 'argosy tables lists those that there are' : `did you mean ${near}?`,
  });
}

function ambiguous(name: string, found: readonly Found[]): PipelineError {
  const names = found.map(({ entry }) => `${entry.pipeline}/${entry.id}`);
  return new PipelineError('config-invalid', `${found.length} datasets are called "${name}"`, {
    hint: `name one of them in full: ${names.join(', ')}`,
  });
}
