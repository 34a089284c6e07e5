import { describe, expect, it } from 'vitest';
import { runIdentity } from '../../../services/cli/run/run-identity.ts';

const NOW = new Date('2026-01-05T06:00:00Z');
const UID = '0f4c8a52-6f0e-4a55-9d0b-5b1b7b1d2a77';

describe('the run that a step belongs to', () => {
  const inPod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', HOSTNAME: 'nightly-fetch-1' };

  it('is told apart from another workflow of the same name, in another namespace or made anew', () => {
    const env = { ...inPod, ARGOSY_RUN_ID: 'nightly', ARGOSY_RUN_UID: UID };
    const other = { ...env, ARGOSY_RUN_UID: UID.replace('0f', '1f') };
    expect(runIdentity('fama-french', env, NOW).runId).toBe('nightly.0f4c8a52');
    expect(runIdentity('fama-french', other, NOW).runId).toBe('nightly.1f4c8a52');
  });

  it('is called by its name alone outside of a cluster, where names are claimed', () => {
    const env = { ARGOSY_RUN_ID: 'nightly', ARGOSY_RUN_UID: UID };
    expect(runIdentity('fama-french', env, NOW).runId).toBe('nightly');
  });

  it('is one by hand, of the day, when no workflow has started the step', () => {
    expect(runIdentity('fama-french', inPod, NOW)).toMatchObject({
      runId: 'manual-2026-01-05',
      logicalDate: '2026-01-05',
      trigger: 'manual',
      system: 'argo',
      actor: 'nightly-fetch-1',
    });
  });

  it.each([
    ['ARGOSY_RUN_ID', 'not a name'],
    ['ARGOSY_RUN_UID', 'no uid'],
    ['ARGOSY_LOGICAL_DATE', '2026-13-45'],
    ['ARGOSY_TRIGGER', 'whim'],
  ])('is refused when %s is "%s"', (name, value) => {
    const env = { ...inPod, ARGOSY_RUN_ID: 'nightly', [name]: value };
    expect(() => runIdentity('fama-french', env, NOW)).toThrow(value.slice(0, 8));
  });
});
