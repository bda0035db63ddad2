/** Alerts about holds that a bug of the gateway forgot. The bug is planted, because none is known. */
import { callOnce, repeatedly } from './alert-calls.ts';
import type { AlertSite } from './alert-faults.ts';
import { startFleet } from './fleet.ts';
import { type Gateway, START } from './gateway.ts';
import { makeKey, makeModel, makeTenant } from './tenant.ts';

const MODEL = 'fast';
const PLANTED_BUG = new URL('../support/planted-bug.ts', import.meta.url).href;
/** Their requests meet the bug. */
const MEETS = { 'x-client-request-id': 'held-for-ever' };

/** One gateway with a bug that only some requests meet, and with Redis. Null where Redis is missing. */
export async function openBugSite(databaseUrl: string): Promise<AlertSite | null> {
  const fleet = await startFleet({
    size: 1,
    postgres: { url: databaseUrl },
    commandOf: () => [process.execPath, ...START, '--import', PLANTED_BUG, 'server/src/main.ts', 'serve'],
  });
  if (fleet === null) return null;
  const gateway = () => fleet.replicas[0] as Gateway;
  await makeModel(gateway(), { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' });
  const limits = { rate_limits: { rpm: 1_000_000, max_parallel: 10_000 } };
  const key = await makeKey(gateway(), await makeTenant(gateway(), limits), limits);
  const calling = { secret: key.secret, model: MODEL };
  const calls = repeatedly(() => gateway().base, calling);
  return {
    name: 'bug',
    targets: [`127.0.0.1:${gateway().port}`],
    faults: [
      {
        fault: 'a planted bug forgets what requests hold',
        fires: ['HeadgateHoldsWithoutRequest', 'HeadgateHeldWithoutRequest'],
        make: async () => {
          await callOnce(gateway().base, { ...calling, headers: MEETS });
          const meeting = repeatedly(() => gateway().base, { ...calling, headers: MEETS });
          return async () => {
            await meeting.stop();
            await gateway().stop();
            await fleet.restart(0);
          };
        },
      },
    ],
    close: async () => {
      await calls.stop();
      await fleet.stop();
    },
  };
}
