import { expect, test } from 'vitest';
import { type AttemptCounts, type DeploymentState, deploymentState } from './deployment-state.ts';

const MINUTE_MS = 60_000;
const failing = (forMs: number) => ({ failingSinceMs: 1_000_000 - forMs, lastFaultMs: 1_000_000 });

test.each<[string, Partial<AttemptCounts>, DeploymentState]>([
  ['no attempts', {}, 'unused'],
  ['all answered', { attempts: 100 }, 'in_service'],
  ['5 of 100 failed', { attempts: 100, errors: 5 }, 'in_service'],
  ['6 of 100 failed', { attempts: 100, errors: 6 }, 'degraded'],
  ['17 of 17 failed', { attempts: 17, errors: 17, ...failing(MINUTE_MS) }, 'failing'],
  ['17 of 17 failed, all by the caller’s fault', { attempts: 17, errors: 17, callerErrors: 17 }, 'in_service'],
  ['half failed, and the last answered', { attempts: 10, errors: 5, lastFaultMs: 1 }, 'degraded'],
  ['half failed, the last too', { attempts: 10, errors: 5, ...failing(0) }, 'failing'],
  ['a tenth failed, all within a minute', { attempts: 100, errors: 10, ...failing(MINUTE_MS) }, 'degraded'],
  ['a tenth failed, nothing else for five minutes', { attempts: 100, errors: 10, ...failing(5 * MINUTE_MS) }, 'failing'],
  ['one failed long ago and nothing since, in a span without errors', { attempts: 3, ...failing(0) }, 'in_service'],
  ['half of what is not the caller’s fault', { attempts: 30, errors: 25, callerErrors: 20, ...failing(0) }, 'failing'],
])('%s', (_name, counts, state) => {
  expect(deploymentState({ attempts: 0, errors: 0, callerErrors: 0, failingSinceMs: null, lastFaultMs: null, ...counts })).toBe(
    state,
  );
});
