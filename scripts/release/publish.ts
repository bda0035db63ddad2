// The steps that publish. Each prints its command before it runs. A dry run only prints it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { commandLine, must, ReleaseStopped } from './commands.ts';
import type { ReleaseOptions } from './options.ts';

export interface Built {
  readonly root: string;
  readonly out: string;
  readonly version: string;
  readonly commit: string;
  readonly tarball: string;
  /** The image as it is called here, and the program that has it; null without one. */
  readonly image: { readonly name: string; readonly engine: string } | null;
  /** The commit of the version's tag, or null if there is none. */
  readonly tagged: string | null;
}

type Command = readonly [program: string, ...args: string[]];

/** Returns the commands that the options ask for, in order. Throws if one cannot succeed. */
export function publishCommands(built: Built, options: ReleaseOptions, env: NodeJS.ProcessEnv): readonly Command[] {
  const { out, version, commit, tarball, image, tagged } = built;
  const tag = `v${version}`;
  const publishes = options.publish || options.pushImage !== undefined || options.pushChart !== undefined;
  if (publishes && tagged !== commit && !options.tag) throw new ReleaseStopped(`this commit is not tagged ${tag}: add --tag`);
  const commands: Command[] = [];
  if (options.tag && tagged === null)
    commands.push(['git', 'tag', '--annotate', tag, '--message', `Headgate ${version}`, commit]);
  if (options.publish) commands.push(npmPublish(built, tarball, options.provenance, env));
  if (options.pushImage !== undefined && image !== null) {
    const name = `${options.pushImage}:${version}`;
    commands.push([image.engine, 'tag', image.name, name], [image.engine, 'push', name]);
  }
  if (options.pushChart !== undefined)
    commands.push(
      // In a folder of its own: the chart's file has the name of the package's.
      ['helm', 'package', 'deploy/helm/headgate', '--destination', path.join(out, 'chart')],
      ['helm', 'push', path.join(out, 'chart', `headgate-${version}.tgz`), options.pushChart],
    );
  return commands;
}

/** Returns the command that publishes the tarball. npm signs the origin only where a build service gives it an identity. */
function npmPublish({ root }: Built, tarball: string, provenance: boolean, env: NodeJS.ProcessEnv): Command {
  if (!provenance) return ['npm', 'publish', tarball, '--provenance=false'];
  const { repository } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { repository?: unknown };
  if (repository === undefined)
    throw new ReleaseStopped('package.json names no repository, which npm signs the origin for: add it, or --without-provenance');
  if (env.ACTIONS_ID_TOKEN_REQUEST_URL === undefined && env.SIGSTORE_ID_TOKEN === undefined)
    throw new ReleaseStopped(
      'npm signs the origin only in a build service that gives it an identity (GitHub: id-token: write; GitLab: SIGSTORE_ID_TOKEN): run --publish there, or add --without-provenance',
    );
  return ['npm', 'publish', tarball, '--provenance'];
}

/** Prints each command, and runs it unless this is a dry run. */
export function runCommands(root: string, commands: readonly Command[], dryRun: boolean, print: (line: string) => void): void {
  for (const [program, ...args] of commands) {
    print(`${dryRun ? 'would run:' : '$'} ${commandLine(program, args)}`);
    if (!dryRun) print(must(root, program, args));
  }
}

/** Returns what to do after this run, one line each. */
export function nextCommands(built: Built, { dryRun, skipTests, ...options }: ReleaseOptions): readonly string[] {
  if (skipTests) return ['npm run release -- --dry-run    (with the tests)'];
  const tagged = built.tagged === built.commit || (options.tag && !dryRun);
  if (!tagged) return ['npm run release -- --tag'];
  const left = [
    ...(options.tag && !dryRun ? [`git push <remote> v${built.version}`] : []),
    ...(options.publish && !dryRun ? [] : ['npm run release -- --publish']),
    ...(options.pushImage !== undefined && !dryRun ? [] : ['npm run release -- --build-image --push-image=<name>']),
    ...(options.pushChart !== undefined && !dryRun ? [] : ['npm run release -- --push-chart=<address>']),
  ];
  return left;
}
