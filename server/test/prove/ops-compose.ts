/**
 * compose.yaml as it is, brought up by docker-compose on podman: it is healthy, its containers have no rights, and a restart, kills, a stop and a
 * removal lose nothing that a client saw answered.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { type ComposeSite, composeSite } from '../deploy/compose-site.ts';
import { type Containers, containers } from '../deploy/containers.ts';
import { readYaml } from '../deploy/files.ts';
import { isThere, lastLine } from '../deploy/programs.ts';
import { type StoreImage, storeImage } from '../deploy/stand-ins.ts';
import { judgeComposed } from './composed.ts';
import { type PacedProvider, startPacedProvider } from './paced-streams.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

const TAG = 'localhost/headgate:composed';
const NETWORK = 'headgate-probe';
const PACE_MS = 100;
/** The host, as containers of podman and Docker name it. */
const HOST = 'host.docker.internal';

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: true, figure: '', skipped: 'the containers are run in full only' };
  const missing = ['docker-compose', 'openssl'].filter((program) => !isThere(program));
  if (missing.length > 0) return skippedAs(`there is no ${missing.join(', no ')} here`);
  doing?.('making the base image');
  const tools = containers();
  if (typeof tools === 'string') return skippedAs(tools);
  doing?.('building');
  const built = tools.isBuilt(TAG) ? null : tools.build(TAG);
  if (built !== null && built.status !== 0)
    return { holds: false, figure: 'the image was not built', details: [lastLine(built)] };
  const lacking = lackOfNetwork(tools);
  if (lacking !== null) return skippedAs(lacking);
  doing?.('making the images of the stores');
  const stores = storeImages(tools);
  if (typeof stores === 'string') return skippedAs(stores);
  const paced = await startPacedProvider(PACE_MS, { listen: '0.0.0.0', name: HOST });
  try {
    return await onSite(tools, stores, paced, doing ?? (() => {}));
  } finally {
    await paced.stop();
  }
}

async function onSite(
  tools: Containers,
  stores: readonly StoreImage[],
  paced: PacedProvider,
  doing: (what: string) => void,
): Promise<ProveResult> {
  // An address of its own, so that port 4000 of this machine stays whose it is.
  const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
  const standIns = stores.filter(({ isStandIn }) => isStandIn);
  const site = await composeSite(tools, {
    images: { gateway: TAG, ...Object.fromEntries(standIns.map(({ service, image }) => [service, image])) },
    settings: {
      HEADGATE_LISTEN: address,
      HEADGATE_ADMIN_TOKEN: randomBytes(24).toString('hex'),
      HEADGATE_ALLOWED_UPSTREAMS: HOST,
    },
  });
  if (typeof site === 'string') return { holds: false, figure: site };
  try {
    const judged = await judgeComposed({ site, base: `http://${address}:4000`, paced, doing });
    return { ...judged, figure: `${judged.figure}; ${await ground(site, tools, standIns)}` };
  } finally {
    await site.clear();
  }
}

function skippedAs(skipped: string): ProveResult {
  return { holds: false, figure: '', skipped };
}

/** Returns why two containers here could not reach each other by name, or null. */
function lackOfNetwork({ podman }: Containers): string | null {
  const other = 'headgate-probed';
  const lookup = `require('dns').lookup('${other}', (error) => process.exit(error ? 1 : 0))`;
  podman('network', 'create', '--ignore', NETWORK);
  try {
    const first = podman('run', '--detach', '--rm', `--name=${other}`, `--network=${NETWORK}`, '--entrypoint=sleep', TAG, '60');
    if (first.status !== 0) return `podman makes no network of containers here: ${lastLine(first)}`;
    const found = podman('run', '--rm', `--network=${NETWORK}`, '--entrypoint=node', TAG, '-e', lookup);
    return found.status === 0 ? null : 'containers of podman do not find each other by name here: is aardvark-dns installed?';
  } finally {
    podman('rm', '--force', '--ignore', '--time=0', other);
    podman('network', 'rm', '--force', NETWORK);
  }
}

function storeImages(tools: Containers): readonly StoreImage[] | string {
  const { services } = readYaml<{ services: Record<string, { image: string }> }>('compose.yaml');
  const images = (['postgres', 'valkey'] as const).map((service) => storeImage(tools, service, services[service]?.image ?? ''));
  const failure = images.find((image) => typeof image === 'string');
  return failure ?? images.filter((image) => typeof image !== 'string');
}

/** Says on what it was shown, so that nobody takes a stand-in for the image that compose.yaml names. */
async function ground(site: ComposeSite, { podman }: Containers, standIns: readonly StoreImage[]): Promise<string> {
  const composed = (await site.compose('version', '--short')).stdout.trim();
  const podmanVersion = podman('version', '--format={{.Client.Version}}').stdout.trim();
  const names = standIns.map(({ service }) => service).join(' and ');
  const images =
    standIns.length === 0
      ? 'the images that compose.yaml names'
      : `no registry of images reached: stand-ins of Debian’s packages for ${names}`;
  return `docker-compose ${composed} on podman ${podmanVersion} with a bridge network, health checks run by the prove; ${images}`;
}
