import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts, StepSettings } from '../../../ports/step.ts';

/** What making a feed needs of the ports. */
export type FeedPorts = Pick<StepPorts, 'store' | 'scratch' | 'signal' | 'progress'> & {
  settings: Pick<StepSettings, 'environment' | 'personSalt'>;
};

/** Where rows of a feed are made: the ports, and an engine that may read what lies on this machine. */
export interface Shop {
  ports: FeedPorts;
  engine: QueryEngine;
}
