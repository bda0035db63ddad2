/** The images of PostgreSQL and Valkey that compose.yaml names. Where no registry of images is reached, images of Debian's packages in their place. */
import path from 'node:path';
import type { Containers } from './containers.ts';
import { lastLine, repository, run } from './programs.ts';

const folder = path.join(repository, 'server/test/deploy/stand-ins');
const REGISTRY_MS_MAX = 20_000;
const PULL_MS_MAX = 300_000;

export interface StoreImage {
  readonly service: 'postgres' | 'valkey';
  readonly image: string;
  /** Whether it was made here, of Debian's packages. */
  readonly isStandIn: boolean;
}

/** Returns the image to use for a service of compose.yaml, or one line that says why there is none. */
export function storeImage(tools: Containers, service: StoreImage['service'], named: string): StoreImage | string {
  if (isPulled(tools, named)) return { service, image: named, isStandIn: false };
  const base = 'localhost/headgate-stores:trixie';
  const failure = tools.makeDebian({ name: base, packages: ['postgresql-17', 'valkey-server'] });
  if (failure !== null) return `the image of the stores could not be made: ${failure}`;
  const image = `localhost/headgate-${service}-stand-in:trixie`;
  const file = path.join(folder, `${service}.Dockerfile`);
  const built = tools.buildah(
    'bud',
    '--format=docker',
    '--pull-never',
    `--build-arg=BASE=${base}`,
    `--file=${file}`,
    `--tag=${image}`,
    folder,
  );
  return built.status === 0 ? { service, image, isStandIn: true } : `${image} was not built: ${lastLine(built)}`;
}

/** Pulls an image of the registry that Docker uses. Looks first, for a short time, so that a machine without registries does not wait. */
function isPulled({ podman, podmanOptions }: Containers, named: string): boolean {
  const full = `docker.io/${named.includes('/') ? '' : 'library/'}${named}`;
  if (podman('image', 'exists', full).status === 0) return true;
  if (run('podman', [...podmanOptions, 'manifest', 'inspect', full], REGISTRY_MS_MAX).status !== 0) return false;
  return run('podman', [...podmanOptions, 'pull', '--quiet', full], PULL_MS_MAX).status === 0;
}
