/** Alerts about a provider that is ill, and about what it is not paid for. */
import { callOnce } from './alert-calls.ts';
import type { AlertFault, AlertSite } from './alert-faults.ts';
import { startGateway } from './gateway.ts';
import { type Mood, startMoodyProvider } from './moody-provider.ts';
import { startLoad } from './steady-load.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const MODEL = 'moody';
const LIMITS = { rate_limits: { rpm: 1_000_000 }, budgets: [{ amount: '1000.00', period: 'month', action: 'block' }] };

/** One gateway at one provider, with callers that are at it all the time. */
export async function openProviderSite(databaseUrl: string): Promise<AlertSite> {
  const provider = await startMoodyProvider();
  const gateway = await startGateway({ env: { DATABASE_URL: databaseUrl } });
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  await makeModel(gateway, { model: MODEL, provider: 'openai', upstreamModel: MODEL, credentialId });
  const tenant = await makeTenant(gateway, LIMITS);
  const key = await makeKey(gateway, tenant, LIMITS);
  const load = startLoad({ base: gateway.base, keys: [key], model: MODEL, width: 3, pauseMs: 100, phase: 'provider' });
  const becomes = (mood: Mood) => async () => {
    provider.mood = mood;
    return async () => {
      provider.mood = 'well';
    };
  };
  const faults: readonly AlertFault[] = [
    {
      fault: 'the provider answers 500',
      fires: ['HeadgateRequestsFail', 'HeadgateProviderFails', 'HeadgateDeploymentsRest'],
      make: becomes('fails'),
    },
    { fault: 'the provider cuts streams', fires: ['HeadgateStreamsCutByProvider'], make: becomes('cuts') },
    { fault: 'the provider reports no usage', fires: ['HeadgateSpendEstimated'], make: becomes('reports nothing') },
    { fault: 'the provider reports negative usage', fires: ['HeadgateUsageImplausible'], make: becomes('reports nonsense') },
    {
      fault: 'a service tier without a price is asked for',
      fires: ['HeadgateUnpricedUnits'],
      make: async () => {
        const status = await callOnce(gateway.base, { secret: key.secret, model: MODEL, body: { service_tier: 'priority' } });
        if (status !== 403) throw new Error(`a tier without a price was answered ${status}`);
        // Nothing to mend: it was asked for once, and the alert ends with its hour.
        return async () => {};
      },
    },
  ];
  return {
    name: 'provider',
    targets: [`127.0.0.1:${gateway.port}`],
    faults,
    close: async () => {
      provider.mood = 'well';
      await load.stop();
      await gateway.stop();
      await provider.stop();
    },
  };
}
