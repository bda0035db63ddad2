/** Images of Debian, made from its packages alone: for machines that reach no registry of images. */
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Ended, lastLine, run } from './programs.ts';

const DEBIAN = 'trixie';
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';

export interface DebianImage {
  readonly name: string;
  readonly packages: readonly string[];
  /** Puts into the root file system what Debian has not. */
  readonly fill?: (root: string) => void;
}

/** Makes an image unless the store has it. Works in a folder below `work`. Returns why it could not be made, or null. */
export function makeDebian(buildah: (...args: string[]) => Ended, work: string, image: DebianImage): string | null {
  if (buildah('inspect', '--type=image', image.name).status === 0) return null;
  const folder = mkdtempSync(path.join(work, 'base-'));
  const container = path.basename(folder);
  const root = path.join(folder, 'root');
  const tar = path.join(folder, 'root.tar');
  const steps: readonly (() => Ended)[] = [
    () => run('debootstrap', ['--variant=minbase', `--include=${image.packages.join(',')}`, DEBIAN, root]),
    () => {
      for (const spare of ['var/cache/apt/archives', 'var/lib/apt/lists'])
        rmSync(path.join(root, spare), { recursive: true, force: true });
      image.fill?.(root);
      return run('tar', ['-C', root, '-cf', tar, '.']);
    },
    () => buildah('from', `--name=${container}`, 'scratch'),
    () => buildah('add', container, tar, '/'),
    () => buildah('config', `--env=PATH=${PATH}`, container),
    () => buildah('commit', '--rm', container, image.name),
  ];
  try {
    for (const step of steps) {
      const ended = step();
      if (ended.status !== 0) return lastLine(ended);
    }
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
