import type { SiteFile, SiteRequest } from './context.ts';
import { datasetPage } from './page/dataset-page.ts';
import { indexPage } from './page/index-page.ts';
import { datasetPath, INDEX_PAGE, pipelinePath, SEARCH_INDEX } from './paths.ts';
import { pipelinePage } from './page/pipeline-page.ts';
import { searchIndex } from './search.ts';

/**
 * The files of the site, each made when it is taken: datasets, pipelines, the search, and last the page that leads to
 * them, so that a reader who comes while they are written finds no link that leads nowhere. The same request gives the
 * same bytes.
 */
export function* renderSite(request: SiteRequest): Generator<SiteFile> {
  for (const pipeline of request.pipelines) {
    for (const entry of pipeline.entries)
      yield { path: datasetPath(entry), text: datasetPage({ pipeline, entry }, request) };
  }
  for (const pipeline of request.pipelines)
    yield { path: pipelinePath(pipeline.name), text: pipelinePage(pipeline, request) };
  yield { path: SEARCH_INDEX, text: searchIndex(request.pipelines) };
  yield { path: INDEX_PAGE, text: indexPage(request) };
}
