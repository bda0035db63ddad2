/**
 * The rules for addresses that a credential or webhook may point to. The gateway runs inside the network. Without these rules,
 * anyone who may store a base URL could make it fetch metadata services and internal hosts. The URL is checked when it is stored,
 * and the resolved address at every connect, so that a name which later resolves elsewhere is refused.
 */
import { BlockList, isIP } from 'node:net';
import { addRange, addressList, holdsAddress } from '../lib/address/address-list.ts';

const URL_LENGTH_MAX = 2_048;

/** Internal addresses. A host named on the allow-list may have them; otherwise the list must hold the address or CIDR itself. */
const INNER_IPV4 = ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'];
const INNER_IPV6 = ['::1/128', 'fc00::/7', '::ffff:0:0/96'];

/** Link-local, metadata, multicast, unspecified and reserved addresses. Allowed only as an address or CIDR on the allow-list. */
const NEVER_IPV4 = [
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4', '100.100.100.200/32', '168.63.129.16/32'],
];
// Public IPv6 is 2000::/3 without the ranges that embed IPv4 (Teredo, 6to4) or are for documentation. Addresses neither public
// nor inner are refused.
const PUBLIC_IPV6 = ['2000::/3'];
const NEVER_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', 'fd00:ec2::254/128', 'fd20:ce::254/128'];

const INNER_NAMES = /^(?:localhost|metadata)$|\.(?:localhost|local|internal|localdomain|home\.arpa)$/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/;

const ranges = {
  innerIpv4: addressList(INNER_IPV4),
  innerIpv6: addressList(INNER_IPV6),
  neverIpv4: addressList(NEVER_IPV4),
  neverIpv6: addressList(NEVER_IPV6),
  publicIpv6: addressList(PUBLIC_IPV6),
};

/** The hosts and addresses that are allowed beyond public ones. */
export interface AddressPolicy {
  /** Host names in lower case, without a trailing dot. */
  readonly hosts: ReadonlySet<string>;
  readonly addresses: BlockList;
  /** The name of the setting that allows more, for error messages. */
  readonly setting: string;
}

export interface AddressPolicyOptions {
  /** `development` also allows 127.0.0.1, ::1 and localhost; never for addresses that tenants give. */
  readonly mode: 'development' | 'production';
  /** HEADGATE_ALLOWED_UPSTREAMS: host names, addresses and CIDRs, separated by commas or spaces. */
  readonly allowedUpstreams: string;
  /** The name of the setting that holds the list. Default: HEADGATE_ALLOWED_UPSTREAMS. */
  readonly setting?: string;
}

/** Reads the setting. Returns a problem that names the first entry that is not a host, an address or a CIDR. */
export function createAddressPolicy(options: AddressPolicyOptions): AddressPolicy | { readonly problem: string } {
  const hosts = new Set<string>();
  const addresses = new BlockList();
  const development = options.mode === 'development' ? ['127.0.0.1', '::1', 'localhost'] : [];
  for (const entry of [...development, ...options.allowedUpstreams.split(/[\s,]+/).filter(Boolean)]) {
    const name = hostKey(entry.replace(/^\[(.*)\]$/, '$1'));
    if (addRange(addresses, name)) continue;
    if (!HOST_NAME.test(name) || /^[\d.]+$/.test(name))
      return { problem: `${entry.slice(0, 100)} is not a host name, an address or a CIDR range` };
    hosts.add(name);
  }
  return { hosts, addresses, setting: options.setting ?? 'HEADGATE_ALLOWED_UPSTREAMS' };
}

/**
 * Checks whether a credential may be stored with this base URL. Returns null, or a sentence that says what is wrong. Does not
 * resolve names. Without TLS only hosts that the policy lists are allowed: elsewhere the key and every prompt would cross the
 * internet in plain text.
 */
export function checkBaseUrl(text: string, policy: AddressPolicy): string | null {
  const problem = formProblem(text);
  if (problem !== null) return problem;
  if (/[?#]/.test(text)) return 'must not have a query or a fragment';
  const refused = checkHost(bareHost(new URL(text).hostname), writtenHost(text), policy);
  if (refused !== null) return refused;
  return isPlainOnNetwork(text, policy)
    ? `must begin with https://; if the host is inside your network, list it in ${policy.setting}`
    : null;
}

/** Reports whether calls to this stored URL go without TLS to a host that the policy does not list. */
export function isPlainOnNetwork(text: string, policy: AddressPolicy): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && !isListed(bareHost(hostname), policy);
}

/** Reports whether the policy lists the host of this URL, by its name or address. */
export function isListedUrl(text: string, policy: AddressPolicy): boolean {
  return URL.canParse(text) && isListed(bareHost(new URL(text).hostname), policy);
}

/**
 * Checks whether events may be sent to this URL. Returns null, or a sentence that says what is wrong. The rules are those of
 * `checkBaseUrl`, but a query is allowed. Events reveal spend, so without TLS the policy must list the host.
 */
export function checkWebhookUrl(text: string, policy: AddressPolicy): string | null {
  const problem = formProblem(text);
  if (problem !== null) return problem;
  if (text.includes('#')) return 'must not have a fragment';
  const refused = checkHost(bareHost(new URL(text).hostname), writtenHost(text), policy);
  if (refused !== null) return refused;
  return isPlainOnNetwork(text, policy)
    ? `must begin with https://; if the host is inside your network, list it in ${policy.setting}`
    : null;
}

/** Returns what is wrong with a URL's form, whatever its use; null if nothing is. */
function formProblem(text: string): string | null {
  if (text.length > URL_LENGTH_MAX) return `must have at most ${URL_LENGTH_MAX} characters`;
  if (!/^https?:\/\/[^/\s\\][^\s\\]*$/i.test(text) || hasControl(text))
    return `must begin with http:// or https:// and must not contain spaces`;
  if (!URL.canParse(text)) return 'must be a valid URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/]*@/.test(text))
    return `must not contain a user name or password`;
  return url.port === '0' ? 'must not have port 0' : null;
}

/** Reports whether the policy lists the host by its name or address. Does not resolve names. */
function isListed(host: string, policy: AddressPolicy): boolean {
  return isIP(host) === 0 ? policy.hosts.has(hostKey(host)) : holdsAddress(policy.addresses, host);
}

/**
 * Checks whether `address` may be connected to for `host` (the name or literal in the base URL). Returns null, or a sentence that
 * says what is wrong. This is the final check: it runs on every resolved address before a socket is opened.
 */
export function addressProblem(address: string, host: string, policy: AddressPolicy): string | null {
  const bare = address.split('%')[0] as string; // With a zone (`fe80::1%eth0`) the lists would match nothing.
  const family = isIP(bare);
  if (family === 0) return `${address.slice(0, 100)} is not an address`;
  if (holdsAddress(policy.addresses, bare)) return null;
  const kind = family === 4 ? kindOfIpv4(bare) : kindOfIpv6(bare);
  if (kind === 'public') return null;
  if (kind === 'inner' && policy.hosts.has(hostKey(host))) return null;
  return `${bare} is not a public address; ${allowHint(policy)}`;
}

function allowHint({ setting }: AddressPolicy): string {
  return `to allow it, list it in ${setting}`;
}

type AddressKind = 'public' | 'inner' | 'never';

function kindOfIpv4(address: string): AddressKind {
  if (ranges.neverIpv4.check(address, 'ipv4')) return 'never';
  return ranges.innerIpv4.check(address, 'ipv4') ? 'inner' : 'public';
}

function kindOfIpv6(address: string): AddressKind {
  if (ranges.neverIpv6.check(address, 'ipv6')) return 'never';
  const mapped = mappedIpv4(address);
  // A mapped address is never public: it has no honest use here, and it is a way around lists of IPv4 ranges.
  if (mapped !== null) return kindOfIpv4(mapped) === 'never' ? 'never' : 'inner';
  if (ranges.innerIpv6.check(address, 'ipv6')) return 'inner';
  return ranges.publicIpv6.check(address, 'ipv6') ? 'public' : 'never';
}

function checkHost(host: string, written: string, policy: AddressPolicy): string | null {
  const family = isIP(host);
  // A URL parser reads 0x7f.1, 2130706433 and 0177.0.0.1 as 127.0.0.1. Only the plain form is accepted.
  if (family === 4 && written !== host) return `must have its address in plain form: ${host}`;
  if (family !== 0) return addressProblem(host, host, policy);
  const name = hostKey(host);
  if (!HOST_NAME.test(name)) return 'must have a valid host name';
  if (INNER_NAMES.test(name) && !policy.hosts.has(name)) return `${name} is not a public host; ${allowHint(policy)}`;
  return null;
}

/** Returns the host as written in the text, before a URL parser rewrites it. */
function writtenHost(text: string): string {
  return (/^https?:\/\/([^/:]*)/i.exec(text)?.[1] ?? '').toLowerCase();
}

/** Removes the brackets of an IPv6 literal: `[::1]` → `::1`. */
export function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function hostKey(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x21 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}

/** Returns the dotted form inside `::ffff:a.b.c.d`, in any spelling; null for any other address. */
function mappedIpv4(address: string): string | null {
  const spelled = bareHost(new URL(`http://[${address}]/`).hostname);
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled);
  if (hex === null) return null;
  const value = Number.parseInt(hex[1] as string, 16) * 65_536 + Number.parseInt(hex[2] as string, 16);
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}
