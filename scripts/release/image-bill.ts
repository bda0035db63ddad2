// Writes the bill of materials of the image: Debian's packages, Node, and the packages of the program, as the image itself lists them.
import { isInstalled, type LockedPackage } from '../lock-file.ts';
import { type BillOfMaterials, type Component, refOf, serialNumberOf } from '../sbom.ts';
import { ReleaseStopped } from './commands.ts';

/** The files of an image that say what is in it, as text. */
export interface ImageFiles {
  /** `/etc/os-release`. */
  readonly release: string;
  /** `/var/lib/dpkg/status`. */
  readonly status: string;
  /** `node_modules/.package-lock.json`, which npm writes where it installs. */
  readonly installed: string;
  /** The output of `node --version`. */
  readonly node: string;
}

interface Image {
  /** The packages that only the built console contains, by their references. */
  readonly bundled: ReadonlySet<string>;
  readonly version: string;
  /** The image's id: the SHA-256 of its configuration, in hexadecimal. */
  readonly id: string;
  readonly files: ImageFiles;
}

/** Returns the bill of an image. `program`: the bill of the package. Throws if the image contains other packages than it names. */
export function imageBill(program: BillOfMaterials, { version, id, bundled, files }: Image): BillOfMaterials {
  const system = systemOf(files.release);
  const debian = debianPackages(files.status).map((each) => debianComponent(each, system));
  const node = nodeComponent(files.node);
  const modules = programComponents(program, bundled, files.installed);
  const components = [system.component, node, ...debian, ...modules];
  const component: Component = {
    type: 'container',
    'bom-ref': 'headgate-image',
    name: 'headgate',
    version,
    hashes: [{ alg: 'SHA-256', content: id }],
    ...(program.metadata.component.licenses === undefined ? {} : { licenses: program.metadata.component.licenses }),
  };
  const listed = new Set(modules.map((each) => each['bom-ref']));
  const needs = program.dependencies
    .filter(({ ref }) => listed.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => listed.has(each)) }));
  const inside = components.map((each) => each['bom-ref']);
  return {
    ...program,
    serialNumber: serialNumberOf([component, components]),
    metadata: { component },
    components,
    dependencies: [
      { ref: component['bom-ref'], dependsOn: inside },
      ...inside.filter((ref) => !listed.has(ref)).map((ref) => ({ ref, dependsOn: [] })),
      ...needs,
    ],
  };
}

interface System {
  readonly id: string;
  readonly version: string;
  readonly component: Component;
}

function systemOf(release: string): System {
  const fields = new Map(release.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const field = (name: string) => (fields.get(name) ?? '').replaceAll('"', '');
  const [id, version] = [field('ID'), field('VERSION_ID')];
  if (id === '') throw new ReleaseStopped('the image does not say which system it has: /etc/os-release has no ID');
  return { id, version, component: { type: 'operating-system', 'bom-ref': `os:${id}@${version}`, name: id, version } };
}

interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The source package, under whose name Debian publishes security fixes. */
  readonly source: string;
}

/** Reads dpkg's list of packages. Those that were removed and left settings behind are not installed. */
export function debianPackages(status: string): readonly DebianPackage[] {
  const packages = status.split(/\n{2,}/).flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1]?.trim();
    const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
    if (name === undefined || version === undefined || architecture === undefined) return [];
    if (field('Status') !== 'install ok installed') return [];
    return [{ name, version, architecture, source: field('Source') ?? name }];
  });
  if (packages.length === 0) throw new ReleaseStopped('the image lists no Debian packages in /var/lib/dpkg/status');
  return packages.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function debianComponent({ name, version, architecture, source }: DebianPackage, { id, version: release }: System): Component {
  const [upstream = name, sourceVersion] = source.split(/[ ()]+/);
  const from = sourceVersion === undefined ? upstream : `${upstream}@${sourceVersion}`;
  const more = source === name ? '' : `&upstream=${encodeURIComponent(from)}`;
  const place = `pkg:deb/${id}/${encodeURIComponent(name)}@${encodeURIComponent(version)}`;
  const purl = `${place}?arch=${architecture}&distro=${id}-${release}${more}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}

function nodeComponent(printed: string): Component {
  const version = printed.trim().replace(/^v/, '');
  const purl = `pkg:generic/node@${version}`;
  return { type: 'application', 'bom-ref': purl, name: 'node', version, purl };
}

/** Returns the installed packages and those that the console was built from, as the bill of the package describes them. */
function programComponents(
  { components }: BillOfMaterials,
  bundled: ReadonlySet<string>,
  installed: string,
): readonly Component[] {
  const { packages } = JSON.parse(installed) as { packages: Readonly<Record<string, LockedPackage>> };
  const inImage = new Set(Object.entries(packages).flatMap(([at, entry]) => (isInstalled(at, entry) ? [refOf(at, entry)] : [])));
  const known = new Set(components.map((each) => each['bom-ref']));
  const foreign = [...inImage].find((ref) => !known.has(ref));
  if (foreign !== undefined) throw new ReleaseStopped(`the image contains ${foreign}, which the package does not name`);
  const missing = components.find(({ 'bom-ref': ref, scope }) => scope === 'required' && !bundled.has(ref) && !inImage.has(ref));
  if (missing !== undefined) throw new ReleaseStopped(`the image lacks ${missing['bom-ref']}, which the program needs`);
  return components.filter(({ 'bom-ref': ref }) => inImage.has(ref) || bundled.has(ref));
}
