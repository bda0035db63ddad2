// Reads what is in an image with the program that has it: docker, or podman.
import { commandLine, must, ReleaseStopped, run } from './commands.ts';
import type { ImageFiles } from './image-bill.ts';

const ENGINES = ['docker', 'podman'];

/** Runs a program of an image and returns what it prints: `inside('cat', '/etc/os-release')`. */
export type InsideImage = (program: string, ...args: readonly string[]) => string;

/** Returns the program that builds and pushes images here. Throws if there is none. */
export function engineHere(root: string, chosen: string | undefined): string {
  const found = (chosen === undefined ? ENGINES : [chosen]).find((engine) => run(root, engine, ['--version']).status === 0);
  if (found === undefined)
    throw new ReleaseStopped(`there is no ${chosen ?? ENGINES.join(' and no ')} here, which the image needs`);
  return found;
}

/** Returns the arguments that build the image of a version, of this commit. */
export function buildArguments(tag: string, commit: string): readonly string[] {
  return ['build', '--file', 'deploy/Dockerfile', '--build-arg', `REVISION=${commit}`, '--tag', tag, '.'];
}

/** Returns a function that runs programs of an image, without a network and without rights. */
export function insideImage(root: string, engine: string, image: string): InsideImage {
  return (program, ...args) =>
    must(root, engine, [
      'run',
      '--rm',
      '--network=none',
      '--read-only',
      '--cap-drop=ALL',
      `--entrypoint=${program}`,
      image,
      ...args,
    ]);
}

/** Returns the image's id without `sha256:`. Throws if there is no such image. */
export function imageId(root: string, engine: string, image: string): string {
  const { status, stdout } = run(root, engine, ['image', 'inspect', '--format={{.Id}}', image]);
  if (status !== 0)
    throw new ReleaseStopped(`${engine} has no image ${image}: ${commandLine(engine, ['image', 'ls'])} lists those it has`);
  return stdout.trim().replace(/^sha256:/, '');
}

/** Reads the files of an image of ours that say what is in it. */
export function readImage(inside: InsideImage): ImageFiles {
  return {
    release: inside('cat', '/etc/os-release'),
    status: inside('cat', '/var/lib/dpkg/status'),
    installed: inside('cat', '/headgate/node_modules/.package-lock.json'),
    node: inside('node', '--version'),
  };
}

/** Returns the version of the program in an image. */
export function imageVersion(inside: InsideImage): string {
  return (JSON.parse(inside('cat', '/headgate/package.json')) as { version: string }).version;
}
