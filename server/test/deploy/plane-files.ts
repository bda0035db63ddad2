/** The files outside the program that say which paths belong to the data plane, and the prefixes that each names. */
import { DATA_PATHS, DATA_PREFIXES } from '../../src/domain/planes.ts';
import { readText, readYaml } from './files.ts';

export interface PlaneFile {
  readonly file: string;
  /** Throws if the file no longer says it where it did. */
  readonly prefixes: () => readonly string[];
  /** The single paths of the data plane that it names. */
  readonly paths: () => readonly string[];
}

const INGRESS = 'deploy/helm/headgate/templates/ingress.yaml';

/** Files that route, as their programs read them. */
const ROUTING: readonly PlaneFile[] = [
  {
    file: 'deploy/proxies/nginx.conf',
    prefixes: () => all('deploy/proxies/nginx.conf', /^ *~\^(\/\S+\/) +headgate_data;$/gm),
    paths: () =>
      all('deploy/proxies/nginx.conf', /^ *~\^(\S+)\(\?:\\\?\|\$\) +headgate_data;$/gm).map((path) => path.replaceAll('\\', '')),
  },
  {
    file: 'deploy/proxies/haproxy.cfg',
    prefixes: () =>
      all('deploy/proxies/haproxy.cfg', /^ *use_backend headgate-data if \{ path_beg (.+) \}$/gm).flatMap((of) => of.split(' ')),
    paths: () =>
      all('deploy/proxies/haproxy.cfg', /^ *use_backend headgate-data if \{ path (.+) \}$/gm).flatMap((of) => of.split(' ')),
  },
  {
    file: 'deploy/proxies/envoy.yaml',
    prefixes: () => envoyRoutes(readYaml('deploy/proxies/envoy.yaml'), 'prefix'),
    paths: () => envoyRoutes(readYaml('deploy/proxies/envoy.yaml'), 'path'),
  },
  {
    file: 'deploy/proxies/traefik.yaml',
    prefixes: () => traefikRules(/PathPrefix\(`([^`]+)`\)/g),
    paths: () => traefikRules(/ Path\(`([^`]+)`\)/g),
  },
  {
    file: INGRESS,
    prefixes: () =>
      all(INGRESS, /\{\{- range list ([^}]+) \}\}\n +- path: \{\{ \. \}\}\n.*\n.*"headgate\.name" \$ \}\}-data,/g)
        .flatMap((list) => list.split(' ').map((quoted) => JSON.parse(quoted) as string))
        .filter((path) => path.endsWith('/')),
    paths: () =>
      all(
        INGRESS,
        /\{\{- range list ([^}]+) \}\}\n +- path: \{\{ \. \}\}\n +pathType: Exact\n.*"headgate\.name" \$ \}\}-data,/g,
      ).flatMap((list) => list.split(' ').map((quoted) => JSON.parse(quoted) as string)),
  },
];

/** Files that tell people, in one sentence with all prefixes. */
const TELLING = [
  'compose.yaml',
  'deploy/helm/headgate/values.yaml',
  'deploy/helm/headgate/values.schema.json',
  'docs/operating.md',
  'docs/proxies.md',
  'docs/tour.md',
  'README.md',
];

export const PLANE_FILES: readonly PlaneFile[] = [
  ...ROUTING,
  ...TELLING.map((file) => ({ file, prefixes: () => prefixesIn(readText(file)), paths: () => pathsIn(readText(file)) })),
];

function all(file: string, pattern: RegExp): string[] {
  return [...readText(file).matchAll(pattern)].map(([, found]) => found as string);
}

/**
 * Returns the prefixes of a list `/a/, /b/ and /c/` that begins as the table does: of one that differs from the table if there is
 * any. Line breaks do not count.
 */
function prefixesIn(text: string): readonly string[] {
  const plain = text.replaceAll('`', '').replaceAll(/\s*\n(#|\s)*/g, ' ');
  const lists = [...plain.matchAll(/(?:\/[\w/]+\/, )*\/[\w/]+\/ and \/[\w/]+\//g)].map(([list]) => list.split(/, | and /));
  const ours = lists.filter(([first]) => first === DATA_PREFIXES[0]?.prefix);
  return ours.find((list) => !namesAll(list)) ?? ours[0] ?? [];
}

/** Returns the single paths of the data plane that a text names. */
function pathsIn(text: string): readonly string[] {
  return DATA_PATHS.map(({ path }) => path).filter((path) => text.includes(path));
}

/** Returns the prefixes or the single paths of every route to the cluster of the data plane. */
function envoyRoutes(value: unknown, by: 'prefix' | 'path'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { match, route } = value as { match?: { prefix?: string; path?: string }; route?: { cluster?: string } };
  const at = match?.[by];
  if (at !== undefined && route?.cluster === 'headgate-data') return [at];
  return Object.values(value).flatMap((part) => envoyRoutes(part, by));
}

function traefikRules(pattern: RegExp): readonly string[] {
  const { http } = readYaml<{ http: { routers: Record<string, { rule: string; service: string }> } }>(
    'deploy/proxies/traefik.yaml',
  );
  const rules = Object.values(http.routers).filter(({ service }) => service === 'headgate-data');
  return rules.flatMap(({ rule }) => [...rule.matchAll(pattern)].map(([, found]) => found as string));
}

/** Reports whether a file names exactly the prefixes of the table. */
export function namesAll(prefixes: readonly string[]): boolean {
  const table = DATA_PREFIXES.map(({ prefix }) => prefix);
  return prefixes.length === table.length && table.every((prefix) => prefixes.includes(prefix));
}
