import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PipelineError } from '../../core/error.ts';
import { humaneBytes, humaneCount } from '../../core/humane.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { INDEX_PAGE } from '../../stages/observe/site/paths.ts';
import { renderSite } from '../../stages/observe/site/render-site.ts';
import { sitePrefix } from '../../stages/observe/site/site-prefix.ts';
import { writeSite } from '../../stages/observe/site/write-site.ts';
import { partitionStates } from '../catalogue/partition-states.ts';
import { pipelinePlans } from '../catalogue/plans.ts';
import { sessionCatalogue } from '../catalogue/read-sources.ts';
import { tellFaults } from '../catalogue/tell-faults.ts';
import { findWing } from '../commands.ts';
import { bucketFor } from '../host.ts';
import { printJson } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import type { Session } from '../session.ts';
import { openFolder } from '../wire/folder.ts';

/** Runs of each pipeline whose history is shown. */
const RUNS_MAX = 30;

/** `argosy docs`: the data catalogue as a site of static pages, in a folder or a bucket. */
export const docs: Work = async (session, given) => {
  const { io, config, signal } = session;
  const place = await placeOf(session, given);
  const pipelines = await sessionCatalogue(session, { runsMax: RUNS_MAX });
  const files = renderSite({
    pipelines,
    plans: await pipelinePlans(session),
    partitions: await partitionStates(session, pipelines),
    now: io.clock.now(),
    environment: config.environment,
    origin: config.store.kind === 'file' ? config.store.folder : `${config.store.kind}:`,
  });
  const { store, prefix } = place;
  const site = await written(place, () => writeSite(files, { store, prefix, signal }));
  if (given.flags.json === true) printJson(session, { index: place.index, ...site });
  else
    io.stdout.write(
      `${place.index}: ${humaneCount(site.files)} files, ${humaneBytes(site.sizeBytes)}\n`,
    );
  return tellFaults(session, pipelines);
};

async function written<T>(place: Place, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } finally {
    await place.close();
  }
}

interface Place {
  store: ObjectStore;
  prefix: string;
  /** The address of the first page. */
  index: string;
  close(): Promise<void>;
}

async function placeOf(session: Session, { flags }: Given): Promise<Place> {
  const { out = 'catalogue-site', toBucket } = flags;
  if (toBucket !== undefined && flags.out !== undefined) {
    throw new PipelineError('config-invalid', 'a site is written to one place at a time', {
      hint: 'leave out --out or --to-bucket',
    });
  }
  if (toBucket !== undefined) return bucketPlace(session, toBucket);
  const folder = resolve(session.io.cwd, out);
  return {
    ...openFolder(folder),
    prefix: '',
    index: pathToFileURL(join(folder, INDEX_PAGE)).href,
  };
}

async function bucketPlace(session: Session, toBucket: string): Promise<Place> {
  const [, pipeline = '', prefix = ''] = /^([^/]*)\/(.*?)\/?$/.exec(toBucket) ?? [];
  if (pipeline === '' || prefix === '') {
    throw new PipelineError('config-invalid', `--to-bucket ${toBucket} names no prefix`, {
      hint: 'a pipeline, a slash and a prefix of its bucket, for example commerce/docs',
    });
  }
  const wing = findWing(pipeline);
  const rules = (await wing.lifecycle?.()) ?? [];
  sitePrefix(prefix, [
    ...(await wing.proofs()).zones,
    (await wing.replay()).raw,
    ...rules.map((rule) => rule.prefix),
  ]);
  const store = bucketFor(session, pipeline);
  const index = `${store.url}/${prefix}/${INDEX_PAGE}`;
  return { store, prefix, index, close: () => Promise.resolve() };
}
