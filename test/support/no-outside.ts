import type { StepPorts } from '../../services/ports/step.ts';

const absent = (): never => {
  throw new Error('not for this step');
};

/** Ports that most steps have no use for. */
export const noOutside: Pick<
  StepPorts,
  'sideStore' | 'foreignStore' | 'warehouse' | 'sourceDatabase' | 'settings'
> = {
  sideStore: absent,
  foreignStore: absent,
  warehouse: async () => absent(),
  sourceDatabase: async () => absent(),
  settings: {
    environment: 'local',
    sourceAuthorization: undefined,
    personSalt: undefined,
    marketApiKey: undefined,
    marketSymbols: [],
  },
};
