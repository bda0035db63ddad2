// Checks every dependency: an exact version from the registry, with a checksum, an allowed licence, and no install script.
// A step of `npm run check`. Another step, knip, finds packages that nothing imports.
import { pathToFileURL } from 'node:url';
import { isInstalled, type LockedPackage, type LockedPackages, nameAt, readLockFile, readManifests } from './lock-file.ts';

/** Licences under which this product may use and pass on a package. */
const LICENCES: ReadonlySet<string> = new Set([
  ...['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Unlicense', 'CC0-1.0'],
  // Covers changes to its own files, which are used unchanged.
  'MPL-2.0',
  // Like the MIT licence; one package, which unpacks fonts during the build, has it.
  'Zlib',
  // Like the MIT licence; one package, which parses command lines, has it.
  'Python-2.0',
  // Covers fonts, which may be passed on with their licence: the console contains both.
  'OFL-1.1',
]);

/** Packages whose install script never runs, because `.npmrc` and scripts/up.mjs forbid it. Each says why it works anyway. */
const BRINGS_SCRIPT: Readonly<Record<string, string>> = {
  '@scarf/scarf': 'the script only counts installs for the authors of the linter, and nothing imports the package',
  esbuild: 'the script only fetches a binary where npm left out the optional package that holds it',
};

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/** Returns everything that breaks the policy, one sentence each. */
export function policyProblems(manifests: ReadonlyMap<string, LockedPackage>, packages: LockedPackages): string[] {
  const wanted = [...manifests].flatMap(([file, manifest]) => versionProblems(file, manifest));
  const installed = Object.entries(packages).filter(([place, entry]) => isInstalled(place, entry));
  return [...wanted, ...installed.flatMap(([place, entry]) => packageProblems(place, entry))];
}

function versionProblems(file: string, { dependencies, devDependencies, optionalDependencies }: LockedPackage): string[] {
  const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const loose = all.filter(([, version]) => !EXACT.test(version));
  return loose.map(([name, version]) => `${file}: ${name} is "${version}", and must be one exact version`);
}

function packageProblems(place: string, entry: LockedPackage): string[] {
  const name = nameAt(place, entry);
  const problems: string[] = [];
  if (entry.integrity === undefined || entry.resolved !== undefined) problems.push('it comes from elsewhere than the registry');
  if (entry.hasInstallScript === true && !Object.hasOwn(BRINGS_SCRIPT, name))
    problems.push('it runs a script when it is installed');
  if (!isAllowedLicence(entry.license ?? '')) problems.push(`its licence "${entry.license ?? ''}" is not on the list`);
  return problems.map((problem) => `${name} ${entry.version}: ${problem}`);
}

/** Evaluates an SPDX expression: `OR` needs one allowed licence, `AND` needs all. Returns false for any other text. */
export function isAllowedLicence(expression: string): boolean {
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let allowed = both();
    while (tokens[at] === 'OR') {
      at += 1;
      allowed = both() || allowed;
    }
    return allowed;
  };
  const both = (): boolean => {
    let allowed = one();
    while (tokens[at] === 'AND') {
      at += 1;
      allowed = one() && allowed;
    }
    return allowed;
  };
  const one = (): boolean => {
    const token = tokens[at++];
    if (token !== '(') return token !== undefined && LICENCES.has(token);
    const allowed = either();
    return tokens[at++] === ')' && allowed;
  };
  const allowed = either();
  return allowed && at === tokens.length;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = policyProblems(readManifests(), readLockFile().packages);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
