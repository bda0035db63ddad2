// Writes the bill of materials of the published package: what is installed with it, and what its console was built from. Packages
// for development alone are left out; `npm run -s sbom` lists those too.
import { type BillOfMaterials, type Component, serialNumberOf } from '../sbom.ts';

/** The tarball that a bill describes: its hashes in hexadecimal. */
export interface Tarball {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly sha512: string;
}

/** Returns the bill of a tarball, made from the bill of everything. Equal tarballs of equal lock files give equal bills. */
export function packageBill(whole: BillOfMaterials, { name, version, sha256, sha512 }: Tarball): BillOfMaterials {
  const ref = `pkg:npm/${name}@${encodeURIComponent(version)}`;
  const component: Component = {
    type: 'application',
    'bom-ref': ref,
    name,
    version,
    hashes: [
      { alg: 'SHA-256', content: sha256 },
      { alg: 'SHA-512', content: sha512 },
    ],
    ...(whole.metadata.component.licenses === undefined ? {} : { licenses: whole.metadata.component.licenses }),
    purl: ref,
  };
  const components = whole.components.filter(({ scope }) => scope === 'required' || scope === 'optional');
  const shipped = new Set(components.map((each) => each['bom-ref']));
  const keep = (refs: readonly string[]) => refs.filter((each) => shipped.has(each));
  const needs = new Map(whole.dependencies.map(({ ref: of, dependsOn }) => [of, keep(dependsOn)]));
  // Our own folders are one package when they are published.
  const ours = new Set(['headgate', 'headgate/server', 'headgate/console'].flatMap((each) => needs.get(each) ?? []));
  const kept = components.map((each) => ({ ref: each['bom-ref'], dependsOn: needs.get(each['bom-ref']) ?? [] }));
  return {
    ...whole,
    serialNumber: serialNumberOf([component, components]),
    metadata: { component },
    components,
    dependencies: [{ ref, dependsOn: [...ours].toSorted() }, ...kept],
  };
}
