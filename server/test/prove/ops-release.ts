/** A release, made dry from a clone: prepared, committed, checked, built twice, installed, started, and what it wrote verified. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readLockFile } from '../../../scripts/lock-file.ts';
import { imageVersion, readImage } from '../../../scripts/release/image.ts';
import { imageBill } from '../../../scripts/release/image-bill.ts';
import { type BillOfMaterials, bundledPackages, consoleReferences } from '../../../scripts/sbom.ts';
import { containers, hasBuiltImages, UNTRUSTED } from '../deploy/containers.ts';
import { publishedShape } from '../deploy/cyclonedx.ts';
import { repository, temporaryDirectory } from './gateway.ts';
import { PROVED_IMAGE } from './ops-image.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

const VERSION = '99.0.0';
const AUTHOR = ['-c', 'user.name=Headgate', '-c', 'user.email=release@headgate.invalid'];

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: true, figure: '', skipped: 'a release is made in full only' };
  const clone = cloned();
  if (clone === null) return { holds: false, figure: '', skipped: 'this is no git checkout' };
  const misses: string[] = [];
  const must = (what: string, holds: boolean) => void (holds || misses.push(what));
  const release = (...args: string[]) => inClone(clone, process.execPath, 'scripts/up.mjs', 'release', ...args);
  const refused = (reason: string, { status, stderr }: Ran, names = '') =>
    must(
      `refused in one line: ${reason}${names} (${stderr.slice(0, 200)})`,
      status === 1 && stderr.startsWith(`release: ${reason}`) && stderr.includes(names) && !stderr.includes('\n'),
    );

  doing?.('refusing what is no release');
  refused('what was not tested is not published', release('--publish', '--skip-tests'));
  const prepared = release(`--prepare=${VERSION}`);
  must(`it is prepared: ${prepared.stderr}`, prepared.status === 0);
  refused('the tree is not clean', release('--dry-run', '--skip-tests'));
  commit(clone, `Release ${VERSION}`);

  doing?.('releasing, dry');
  const started = Date.now();
  const { status, stdout, stderr } = release('--dry-run', '--skip-tests');
  const seconds = Math.round((Date.now() - started) / 1000);
  if (status !== 0) return { holds: false, figure: `the dry run failed: ${stderr}`, details: stdout.split('\n') };
  must('it says that nothing was tested', stdout.includes('NEITHER THE CHECKS NOR THE TESTS WERE RUN'));
  must('it says that nothing was published', stdout.includes('Nothing was published.'));
  must('it leaves the tree clean', inClone(clone, 'git', 'status', '--porcelain').stdout === '');
  const out = path.join(clone, 'build/release');
  const bill = verified(out, must);
  doing?.('reading the image');
  const image = imageFigure(bill, must);
  inClone(clone, 'git', 'checkout', '--quiet', 'HEAD~1', '--', 'CHANGELOG.md');
  commit(clone, 'Forget the entry');
  refused('', release('--dry-run', '--skip-tests'), 'CHANGELOG.md');
  const found = (name: string) => new RegExp(`^ok +${name} +(.*)$`, 'm').exec(stdout)?.[1] ?? '?';
  return {
    holds: misses.length === 0,
    figure: `${found('package').replace(/: sha256.*/, '')}; ${found('install')}; ${found('materials')}; ${found('changelog')}; ${image}; dry run in ${seconds} s, ${misses.length} of its promises missed`,
    details: misses,
    log: stdout.trim().split('\n'),
  };
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function inClone(cwd: string, program: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  // Installing and building say so on standard error before the release begins.
  const own = stderr
    .trim()
    .split('\n')
    .filter((line) => !line.endsWith('…'))
    .join('\n');
  return { status, stdout: stdout.trim(), stderr: own };
}

/** Clones the commit that is checked out here, with the packages of this tree and one more change to release. */
function cloned(): string | null {
  const clone = path.join(temporaryDirectory(), 'clone');
  const head = inClone(repository, 'git', 'rev-parse', 'HEAD');
  if (head.status !== 0) return null;
  const made = inClone(repository, 'git', 'clone', '--quiet', '--no-checkout', repository, clone);
  if (made.status !== 0) throw new Error(made.stderr);
  inClone(clone, 'git', 'checkout', '--quiet', '-B', 'proved', head.stdout);
  symlinkSync(path.join(repository, 'node_modules'), path.join(clone, 'node_modules'), 'junction');
  // A link is not the folder that .gitignore names.
  writeFileSync(path.join(clone, '.git/info/exclude'), 'node_modules\n');
  const changelog = path.join(clone, 'CHANGELOG.md');
  const text = readFileSync(changelog, 'utf8');
  writeFileSync(changelog, text.replace('## Unreleased\n', '## Unreleased\n\n- One change.\n'));
  commit(clone, 'Change one thing');
  return clone;
}

function commit(clone: string, message: string): void {
  const { status, stderr } = inClone(clone, 'git', ...AUTHOR, 'commit', '--quiet', '--all', '--message', message);
  if (status !== 0) throw new Error(stderr);
}

/** Verifies the written files as somebody who downloaded them would. Returns the bill of the package. */
function verified(out: string, must: (what: string, holds: boolean) => void): BillOfMaterials {
  const name = `headgate-${VERSION}`;
  const sums = () => spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' });
  const { status, stdout } = sums();
  for (const file of [`${name}.tgz`, `${name}.cdx.json`, `${name}.notes.md`])
    must(`${file} is right`, stdout.includes(`${file}: OK`));
  must('every checksum is right', status === 0);
  const notes = path.join(out, `${name}.notes.md`);
  const before = readFileSync(notes, 'utf8');
  must('the notes say what migrates', before.includes('### What migrates, and how long at ten million requests'));
  writeFileSync(notes, `${before} `);
  must('a changed file is found', sums().status !== 0);
  writeFileSync(notes, before);
  const bill = JSON.parse(readFileSync(path.join(out, `${name}.cdx.json`), 'utf8')) as BillOfMaterials;
  must('the bill has the published shape', publishedShape.safeParse(bill).success);
  const sum = readFileSync(path.join(out, 'SHA256SUMS'), 'utf8')
    .split('\n')
    .find((line) => line.endsWith('.tgz'))
    ?.split(' ')[0];
  must('the bill is of this package', bill.metadata.component.hashes?.some(({ content }) => content === sum) === true);
  return bill;
}

/** Writes the bill of the image that `ops.image` built, if it is there. */
function imageFigure(bill: BillOfMaterials, must: (what: string, holds: boolean) => void): string {
  const tools = hasBuiltImages() ? containers() : 'none';
  if (typeof tools === 'string' || tools.podman('image', 'exists', PROVED_IMAGE).status !== 0)
    return 'no image is here: ops.image builds one';
  const inside = (program: string, ...args: readonly string[]) =>
    tools.podman('run', '--rm', ...UNTRUSTED, `--entrypoint=${program}`, PROVED_IMAGE, ...args).stdout;
  const id = tools.podman('image', 'inspect', '--format={{.Id}}', PROVED_IMAGE).stdout.trim().replace('sha256:', '');
  const bundled = consoleReferences(readLockFile(), bundledPackages());
  const ofImage = imageBill(bill, { version: imageVersion(inside), id, bundled, files: readImage(inside) });
  must('the bill of the image has the published shape', publishedShape.safeParse(ofImage).success);
  const debian = ofImage.components.filter(({ purl }) => purl?.startsWith('pkg:deb/')).length;
  must(
    'it names the C library',
    ofImage.components.some(({ name }) => name === 'libc6'),
  );
  return `${ofImage.components.length} components in the bill of the image, ${debian} of them Debian's`;
}
