// Reads the command line of a release.
import { parseArgs } from 'node:util';
import { ReleaseStopped } from './commands.ts';
import { isVersion } from './versions.ts';

export const USAGE = `npm run release -- <what>

  --prepare=<version>      writes the version everywhere, and its entry in CHANGELOG.md; you look at it and commit it
  --dry-run                checks and builds everything, and publishes nothing

Publishing, after the same checks. Each step is asked for by its own flag, and printed before it runs:
  --tag                    tags this commit v<version>
  --publish                publishes the package with npm, as npm is signed in here
  --push-image=<name>      pushes the image as <name>:<version>, as docker or podman is signed in here
  --push-chart=<address>   packs the chart and pushes it, as helm is signed in here

  --image=<name>           an image that was built: its bill of materials is written beside the package's
  --build-image            builds the image headgate:<version>
  --engine=<program>       what builds and pushes the image: docker, else podman
  --out=<folder>           where the files are written: build/release
  --skip-tests             runs neither the checks nor the tests; nothing can be published then
  --without-provenance     publishes the package without a signed origin`;

export interface ReleaseOptions {
  readonly prepare: string | undefined;
  readonly dryRun: boolean;
  readonly tag: boolean;
  readonly publish: boolean;
  readonly pushImage: string | undefined;
  readonly pushChart: string | undefined;
  readonly image: string | undefined;
  readonly buildImage: boolean;
  readonly engine: string | undefined;
  readonly out: string | undefined;
  readonly skipTests: boolean;
  readonly provenance: boolean;
}

const flag = { type: 'boolean', default: false } as const;
const text = { type: 'string' } as const;

/** Returns the options. Throws ReleaseStopped for a flag that is none, and for flags that contradict each other. */
export function readOptions(args: readonly string[]): ReleaseOptions {
  const values = parsed(args);
  const options: ReleaseOptions = {
    prepare: values.prepare,
    dryRun: values['dry-run'],
    tag: values.tag,
    publish: values.publish,
    pushImage: values['push-image'],
    pushChart: values['push-chart'],
    image: values.image,
    buildImage: values['build-image'],
    engine: values.engine,
    out: values.out,
    skipTests: values['skip-tests'],
    provenance: !values['without-provenance'],
  };
  const problem = contradiction(options);
  if (problem !== null) throw new ReleaseStopped(problem);
  return options;
}

function parsed(args: readonly string[]) {
  const options = {
    ...{ prepare: text, 'dry-run': flag, tag: flag, publish: flag, 'push-image': text, 'push-chart': text },
    ...{ image: text, 'build-image': flag, engine: text, out: text, 'skip-tests': flag, 'without-provenance': flag },
  };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new ReleaseStopped(((error as Error).message.split(/\.\s|\n/)[0] ?? '').replace(/\.$/, ''));
  }
}

function contradiction(options: ReleaseOptions): string | null {
  const { prepare, dryRun, skipTests, image, buildImage, pushImage } = options;
  if (prepare !== undefined && !isVersion(prepare)) return `--prepare needs a version such as 1.2.3, and not "${prepare}"`;
  const publishes = options.tag || options.publish || pushImage !== undefined || options.pushChart !== undefined;
  if (prepare !== undefined)
    return dryRun || publishes ? '--prepare goes alone: look at what it wrote, and commit it first' : null;
  if (!dryRun && !publishes)
    return 'nothing to do: say --dry-run, or what to publish (--tag, --publish, --push-image, --push-chart)';
  if (!dryRun && skipTests) return 'what was not tested is not published: leave out --skip-tests, or add --dry-run';
  if (image !== undefined && buildImage) return 'say --image or --build-image, not both';
  if (pushImage !== undefined && image === undefined && !buildImage) return '--push-image needs --image or --build-image';
  const named = pushImage?.split('/').at(-1) ?? '';
  return named.includes(':') ? 'leave the tag out of --push-image: it is the version' : null;
}
