// Keeps the version of a release equal everywhere. It is decided in package.json; the other places repeat it.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface Place {
  readonly file: string;
  readonly at: RegExp;
}

const MANIFEST = /(?<=^ {2}"version": ")[^"]+/m;
/** Every place but the first repeats what the first says. */
const PLACES: readonly Place[] = [
  ...['package.json', 'server/package.json', 'console/package.json', 'bench/package.json'].map((file) => ({
    file,
    at: MANIFEST,
  })),
  { file: 'package-lock.json', at: /(?<="name": "(?:headgate|@headgate\/\w+)",\n\s+"version": ")[^"]+/g },
  { file: 'server/openapi.json', at: /(?<=^ {4}"title": "Headgate admin API",\n {4}"version": ")[^"]+/m },
  { file: 'compose.yaml', at: /(?<=\bimage: .*\bheadgate:)[\w.+-]+/g },
  { file: 'deploy/Dockerfile', at: /(?<=org\.opencontainers\.image\.version=")[^"]+/ },
  { file: 'deploy/helm/headgate/Chart.yaml', at: /(?<=^(?:version|appVersion): "?)[\w.+-]+/gm },
];
const SEMANTIC = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
/** The heading of a release in CHANGELOG.md. */
const RELEASED = /^## (\d+\.\d+\.\d+\S*)/m;

/** Returns the version that package.json decides. */
export function readVersion(root: string): string {
  return found(root, PLACES[0] as Place)[0] ?? '';
}

/** Returns true for `1.2.3` and `1.2.3-rc.1`. */
export function isVersion(text: string): boolean {
  return SEMANTIC.test(text);
}

/** Returns one sentence for each place that does not say the version, and for CHANGELOG.md if its newest release is another one. */
export function versionProblems(root: string): string[] {
  const version = readVersion(root);
  if (!isVersion(version)) return [`package.json: "${version}" is no semantic version`];
  const others = PLACES.flatMap((place) => {
    const versions = found(root, place);
    if (versions.length === 0) return [`${place.file} says no version, and package.json says ${version}`];
    return versions
      .filter((each) => each !== version)
      .map((each) => `${place.file} says ${each}, and package.json says ${version}`);
  });
  const released = RELEASED.exec(readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'))?.[1] ?? version;
  return released === version
    ? others
    : [...others, `the newest release in CHANGELOG.md is ${released}, and package.json says ${version}`];
}

/** Writes the version to every place but CHANGELOG.md. */
export function writeVersion(root: string, version: string): void {
  for (const { file, at } of PLACES) {
    const name = path.join(root, file);
    writeFileSync(name, readFileSync(name, 'utf8').replace(at, version));
  }
}

function found(root: string, { file, at }: Place): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(new RegExp(at, [...new Set(`${at.flags}g`)].join('')))].map(([version]) => version);
}
