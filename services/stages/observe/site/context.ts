import type { PartitionTable } from '../../../core/partition.ts';
import type { CatalogueEntry, CataloguePipeline } from '../catalogue/catalogue.ts';

/** A pipeline as its code and its workflow say it. */
export interface PipelinePlan {
  /** In the order in which data meets them. */
  steps: readonly { name: string; summary: string }[];
  /** When it runs in a cluster, as cron has it. */
  schedules: readonly { cron: string; timezone: string }[];
}

/** What the pages are made of and for. */
export interface SiteRequest {
  pipelines: readonly CataloguePipeline[];
  plans: ReadonlyMap<string, PipelinePlan>;
  /** How the partitions of each pipeline stand, of those that tell. */
  partitions: ReadonlyMap<string, PartitionTable>;
  /** The moment that ages are told from. */
  now: Date;
  environment: string;
  /** Where the data is: the store's address. */
  origin: string;
}

/** One page: its path from the root of the site, and its text. */
export interface SiteFile {
  path: string;
  text: string;
}

/** A dataset with the pipeline that makes it. */
export interface Place {
  pipeline: CataloguePipeline;
  entry: CatalogueEntry;
}
