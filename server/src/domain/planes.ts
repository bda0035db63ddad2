/**
 * The planes, and the paths of each. Applications call the data plane; people, scripts and the console use the admin plane. This is
 * the only list of their paths: the listener, the fast lane and HEADGATE_ROLE read it, and a test compares the chart, the
 * configurations of proxies and the documents with it (server/test/deploy/planes.test.ts).
 *
 * A path belongs to exactly one plane, by its bytes as they arrived: nothing is decoded, normalised or put into lower case.
 */

export type Plane = 'data' | 'admin';

/** The paths below one prefix of the data plane. */
export interface DataPrefix {
  /** Begins and ends with a slash. */
  readonly prefix: string;
  /** The form of errors there, unless a path or a header asks for another. */
  readonly errors: 'openai' | 'gemini';
}

/** Every prefix of the data plane, the most used first. No prefix is the beginning of another. */
export const DATA_PREFIXES: readonly DataPrefix[] = [
  { prefix: '/v1/', errors: 'openai' },
  { prefix: '/v1beta/', errors: 'gemini' },
  { prefix: '/cursor/v1/', errors: 'openai' },
];

/** The prefixes of the data plane in words: `` `/v1/`, `/v1beta/` and `/cursor/v1/` ``. */
export const DATA_PREFIXES_IN_WORDS = new Intl.ListFormat('en-GB').format(DATA_PREFIXES.map(({ prefix }) => `\`${prefix}\``));

/** One path of the data plane that is below none of its prefixes. */
export interface DataPath {
  readonly path: string;
  readonly errors: 'openai' | 'anthropic';
}

/** Every such path. Programs that log in look for them at the address to which they send requests. */
export const DATA_PATHS: readonly DataPath[] = [
  { path: '/.well-known/oauth-authorization-server', errors: 'openai' },
  { path: '/managed/settings', errors: 'anthropic' },
  { path: '/api/oauth/usage', errors: 'anthropic' },
];

/** Returns what is known of a raw path of the data plane that is below none of its prefixes; null for any other path. */
export function dataPathOf(path: string): DataPath | null {
  return DATA_PATHS.find((one) => one.path === path) ?? null;
}

/** Returns the prefix of the data plane below which a raw path is; null if there is none. */
export function dataPrefixOf(path: string): DataPrefix | null {
  // A loop with an index allocates nothing. Nearly every request ends it at the first prefix.
  for (let at = 0; at < DATA_PREFIXES.length; at += 1) {
    const one = DATA_PREFIXES[at] as DataPrefix;
    if (path.startsWith(one.prefix)) return one;
  }
  return null;
}

/** Returns the plane of a raw path. Whatever is neither below a prefix of the data plane nor one of its paths belongs to the admin plane. */
export function planeOf(path: string): Plane {
  return dataPrefixOf(path) === null && dataPathOf(path) === null ? 'admin' : 'data';
}

/** Paths that tell about the process that answers. Processes of both roles answer them. */
const OWN_PATHS: readonly string[] = ['/health/live', '/health/ready', '/metrics'];

/** Reports whether every process answers a raw path, whatever its role. */
export function isOwnPath(path: string): boolean {
  return OWN_PATHS.includes(path);
}

/** The part of the admin plane that the admin API answers. The rest is the console's. */
const ADMIN_API = '/api';
const BELOW_ADMIN_API = `${ADMIN_API}/`;
/** The endpoint of SCIM directories, which the admin API serves too. Its errors have a form of their own. */
const BELOW_SCIM = '/scim/';

/**
 * Reports whether a raw path or target belongs to the admin API, or to the endpoint of directories beside it. One path below the
 * admin API belongs to the data plane.
 */
export function isAdminApi(target: string): boolean {
  if (!target.startsWith(BELOW_ADMIN_API)) return target.startsWith(BELOW_SCIM) || target === ADMIN_API;
  const mark = target.indexOf('?');
  return dataPathOf(mark < 0 ? target : target.slice(0, mark)) === null;
}
