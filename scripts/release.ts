// Makes a release that anybody can make again and check: `npm run release -- --dry-run`. Publishes only what a flag asks for.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { readLockFile } from './lock-file.ts';
import { agreedVersion, cleanCommit, mustNotDrift, mustPass, releaseNotes, taggedCommit } from './release/checks.ts';
import { must, ReleaseStopped } from './release/commands.ts';
import { buildArguments, engineHere, imageId, imageVersion, insideImage, readImage } from './release/image.ts';
import { imageBill } from './release/image-bill.ts';
import { type ReleaseOptions, readOptions, USAGE } from './release/options.ts';
import { hashOf, packClone, packHere, tryPackage } from './release/package.ts';
import { packageBill } from './release/package-bill.ts';
import { prepareRelease } from './release/prepare.ts';
import { type Built, nextCommands, publishCommands, runCommands } from './release/publish.ts';
import { type BillOfMaterials, billOfMaterials, bundledPackages, consoleReferences } from './sbom.ts';

const root = path.dirname(import.meta.dirname);
const print = (line: string) => void (line === '' || console.log(line));
const step = (name: string, found: string) => print(`ok      ${name.padEnd(10)} ${found}`);

try {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.length === 0) print(USAGE);
  else await release(readOptions(args));
} catch (error) {
  if (!(error instanceof ReleaseStopped)) throw error;
  if (error.details !== '') print(lastLines(error.details));
  console.error(`release: ${error.message}`);
  process.exitCode = 1;
}

async function release(options: ReleaseOptions): Promise<void> {
  if (options.prepare !== undefined) {
    prepareRelease(root, options.prepare, new Date().toISOString().slice(0, 10));
    print(`${options.prepare} is in every file that says the version, and in CHANGELOG.md. Look at it, then:`);
    print(`  npm run generate && git commit --all --message 'Release ${options.prepare}' && npm run release -- --dry-run`);
    return;
  }
  const { commit, version, entry } = checked(options);
  const built = await build(options, commit, version, entry);
  const commands = publishCommands(built, options, process.env);
  runCommands(root, commands, options.dryRun, print);
  summarize({ ...built, tagged: taggedCommit(root, version) }, options, commands.length);
}

/** Throws at the first check that fails. */
function checked(options: ReleaseOptions): { readonly commit: string; readonly version: string; readonly entry: string } {
  const commit = cleanCommit(root);
  step('tree', `clean at ${commit.slice(0, 12)}`);
  const version = agreedVersion(root, commit);
  step('version', `${version} in every file`);
  const { entry, migrations, since } = releaseNotes(root, version);
  step('changelog', `an entry for ${version}, with ${migrations} migrations since ${since ?? 'the beginning'}`);
  step('generated', `${mustNotDrift(root)} generators say what is committed`);
  // What cannot be published is said before the tests run for half an hour.
  const expected = { root, out: '', version, commit, tarball: '', image: null, tagged: taggedCommit(root, version) };
  publishCommands(expected, options, process.env);
  if (options.skipTests)
    print('SKIPPED tests      NEITHER THE CHECKS NOR THE TESTS WERE RUN (--skip-tests). This is no release.');
  else {
    print('…       tests      npm run check and npm test, unless they passed for this commit before');
    for (const line of mustPass(root, commit)) step('tests', stripVTControlCharacters(line));
  }
  return { commit, version, entry };
}

async function build(options: ReleaseOptions, commit: string, version: string, entry: string): Promise<Built> {
  const out = path.resolve(root, options.out ?? 'build/release');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const tarball = packHere(root, out);
  const [sha256, again] = [hashOf('sha256', tarball), hashOf('sha256', packClone(root, commit))];
  if (sha256 !== again)
    throw new ReleaseStopped(`the package is not reproducible: ${sha256} here, and ${again} of a fresh clone of the same commit`);
  step('package', `${path.basename(tarball)}, the same bytes here and from a fresh clone: sha256 ${sha256}`);
  const { packages, installSeconds, readyMs } = await tryPackage(tarball);
  const seconds = `installed in ${installSeconds.toFixed(0)} s, ready ${(readyMs / 1000).toFixed(1)} s after its start`;
  step('install', `${packages} packages, each as npm-shrinkwrap.json names it; ${seconds}`);
  const lock = readLockFile();
  const bill = packageBill(billOfMaterials(lock, bundledPackages()), {
    ...{ name: 'headgate', version, sha256, sha512: hashOf('sha512', tarball) },
  });
  writeBill(out, `headgate-${version}.cdx.json`, bill);
  step('materials', `${bill.components.length} packages in the bill of the package`);
  const image = imageOf(options, out, { version, commit, bill });
  writeFileSync(path.join(out, `headgate-${version}.notes.md`), `${entry}\n`);
  writeChecksums(out);
  return { root, out, version, commit, tarball, image, tagged: taggedCommit(root, version) };
}

/** Builds the image, or takes one that is there, and writes its bill of materials. Returns null if none was asked for. */
function imageOf(
  { image, buildImage, engine: chosen }: ReleaseOptions,
  out: string,
  { version, commit, bill }: { version: string; commit: string; bill: BillOfMaterials },
): Built['image'] {
  if (image === undefined && !buildImage) {
    print('none    image      no bill of the image: say --image=<name> or --build-image');
    return null;
  }
  const engine = engineHere(root, chosen);
  const name = image ?? `headgate:${version}`;
  if (buildImage) must(root, engine, buildArguments(name, commit));
  const id = imageId(root, engine, name);
  const inside = insideImage(root, engine, name);
  const of = imageVersion(inside);
  if (of !== version) throw new ReleaseStopped(`the image ${name} is of version ${of}, and this is ${version}`);
  const ofImage = imageBill(bill, {
    version,
    id,
    bundled: consoleReferences(readLockFile(), bundledPackages()),
    files: readImage(inside),
  });
  writeBill(out, `headgate-${version}-image.cdx.json`, ofImage);
  step('image', `${name}, ${ofImage.components.length} components in its bill`);
  return { name, engine };
}

function writeBill(out: string, name: string, bill: BillOfMaterials): void {
  writeFileSync(path.join(out, name), `${JSON.stringify(bill, null, 2)}\n`);
}

/** Writes the checksums of all files in the folder, in the form that `sha256sum --check` reads. */
function writeChecksums(out: string): void {
  const lines = filesIn(out).map((name) => `${hashOf('sha256', path.join(out, name))}  ${name}\n`);
  writeFileSync(path.join(out, 'SHA256SUMS'), lines.join(''));
}

function summarize(built: Built, options: ReleaseOptions, commands: number): void {
  print(`\nHeadgate ${built.version} is in ${path.relative(process.cwd(), built.out) || '.'}:`);
  for (const name of filesIn(built.out)) print(`  ${name}`);
  const did = options.dryRun ? 'Nothing was published.' : `${commands} commands were run.`;
  print([did, 'Next:', ...nextCommands(built, options).map((line) => `  ${line}`)].join('\n'));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [entry.name] : []))
    .toSorted();
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-30).join('\n');
}
