// Known attacks on gateways of this kind: forged upstreams, injected keys, path and header tricks, leaked provider secrets, oversized bodies.
import { startGateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { conformanceKit, drive, judged, kitAbsent, replayModels, routeToReplay, startReplay } from './replay.ts';
import { makeModel, PROVIDER_SECRET } from './tenant.ts';

const adminPaths = [
  'organizations',
  'keys',
  'credentials',
  'deployments',
  'admin-tokens',
  'requests',
  'audit-events',
  'settings',
];

export async function run(): Promise<ProveResult> {
  const kit = conformanceKit();
  if (kit === null) return kitAbsent;
  const upstream = await startReplay(kit);
  const gateway = await startGateway();
  try {
    const { keySecret, credentials } = await routeToReplay(gateway, upstream);
    await makeModel(gateway, {
      model: 'provider-401',
      provider: 'openai',
      upstreamModel: 'fault:401',
      credentialId: credentials.openai,
    });
    const driven = await drive(kit, 'security-dataplane-probe.mjs', [], {
      GW: gateway.base,
      KEY: keySecret,
      MODEL: replayModels.openai,
      M401: 'provider-401',
      PROVIDER_SECRET,
      ADMIN_PATHS: adminPaths.map((name) => `/api/v1/${name}`).join(','),
    });
    const result = judged('security probe', driven);
    const presented = JSON.stringify(await upstream.log()).includes(PROVIDER_SECRET);
    // Without this the leak check would pass on a gateway that never used the secret.
    return presented ? result : { ...result, holds: false, figure: `${result.figure}; the upstream was never called` };
  } finally {
    await gateway.stop();
    upstream.stop();
  }
}
