import { sha256 } from '../../../core/manifest.ts';
import type { CatalogueEntry } from '../catalogue/catalogue.ts';

/** The beginning of the site, which every address in a page is relative to. */
export const INDEX_PAGE = 'index.html';
/** What the search looks through. */
export const SEARCH_INDEX = 'search-index.js';

const NAME_MAX = 60;

/** The page of a pipeline. */
export function pipelinePath(name: string): string {
  return `pipelines/${slug(name)}.html`;
}

/** The page of a dataset. */
export function datasetPath({ pipeline, place, id }: CatalogueEntry): string {
  return `datasets/${slug(pipeline)}.${place === 'warehouse' ? 'warehouse.' : ''}${slug(id)}.html`;
}

/** A name that is safe in a path and in an address. One that had to be changed is told apart by its hash. */
function slug(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-');
  const isSame = plain === name && plain.length <= NAME_MAX && !plain.startsWith('.');
  return isSame ? plain : `${plain.slice(0, NAME_MAX)}-${sha256(name).slice(0, 10)}`;
}
