// The kit's limit probe on a key of 20 requests a minute: exact under concurrency, no double window at an edge, honest headers.
import { startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { conformanceKit, drive, judged, kitAbsent } from './replay.ts';
import { makeKey, makeModel, makeTenant } from './tenant.ts';

const LIMIT = 20;
const MODEL = 'fake-small';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const kit = conformanceKit();
  if (kit === null) return kitAbsent;
  const gateway = await startGateway();
  try {
    await makeModel(gateway, { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' });
    const tenant = await makeTenant(gateway);
    const probe = async (mode: string) => {
      const key = await makeKey(gateway, tenant, { rate_limits: { rpm: LIMIT } });
      const env = { BASES: gateway.base, KEY: key.secret, MODEL, LIMIT: String(LIMIT) };
      return judged(mode, await drive(kit, 'ratelimit-probe.mjs', [mode], env));
    };
    // Each mode has a key of its own, so they may wait out their windows at the same time. `steady` alone needs three minutes.
    return allOf(await Promise.all(['concurrent', 'boundary', 'headers', ...(quick ? [] : ['steady'])].map(probe)));
  } finally {
    await gateway.stop();
  }
}
