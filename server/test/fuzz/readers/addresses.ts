/** URLs and addresses in every spelling beside a table of the address registries, kept here as numbers: what is allowed must be public. */
import { isIP } from 'node:net';
import { addressProblem, checkBaseUrl, checkWebhookUrl, createAddressPolicy } from '../../../src/upstream/address-policy.ts';
import { Random } from '../../simulation/random.ts';
import { anyText } from '../hostile-json.ts';
import { fuzzOf } from './reader.ts';

const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: 'listed.example' });
if ('problem' in policy) throw new Error(policy.problem);

export interface Checks {
  readonly url: (text: string) => string | null;
  readonly address: (address: string) => string | null;
}

const ours: readonly Checks[] = [checkBaseUrl, checkWebhookUrl].map((check) => ({
  url: (text) => check(text, policy),
  address: (address) => addressProblem(address, 'public.example', policy),
}));

export const addresses = (all: readonly Checks[] = ours) =>
  fuzzOf('addresses', 500, (seed) => {
    const random = new Random(seed);
    for (const { url, address } of all) {
      const drawn = drawAddress(random);
      if (address(drawn) === null && !isPublic(drawn)) return `${drawn} may be connected to`;
      const text = drawUrl(random);
      if (url(text) === null) {
        const problem = wrongWith(text);
        if (problem !== null) return `${JSON.stringify(text)} is taken: ${problem}`;
      }
    }
    return null;
  });

function wrongWith(text: string): string | null {
  const { protocol, hostname, username, password } = new URL(text);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (username !== '' || password !== '') return 'it carries a user';
  if (protocol !== 'https:' && !(protocol === 'http:' && host === 'listed.example')) return `it goes over ${protocol}`;
  if (isIP(host) !== 0) return isPublic(host) ? null : `${host} is not public`;
  return /(^|\.)(localhost|local|internal|metadata)\.?$/.test(host) ? `${host} is a name of inside` : null;
}

/** First and last of each IPv4 block that is not reachable from everywhere, by the registry of special-purpose addresses, and multicast. */
const IPV4_INSIDE: readonly (readonly [string, string])[] = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['169.254.0.0', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '255.255.255.255'],
  // The metadata service of one cloud and the host of another.
  ['168.63.129.16', '168.63.129.16'],
];

const numberOf = (ipv4: string) => ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** Global unicast IPv6 is 2000::/3; what embeds IPv4 or documents is left out of it. */
function isPublic(address: string): boolean {
  if (isIP(address) === 4)
    return !IPV4_INSIDE.some(([from, to]) => numberOf(from) <= numberOf(address) && numberOf(address) <= numberOf(to));
  if (isIP(address) !== 6 || address.includes('%')) return false;
  const groups = groupsOf(address);
  const [first = 0, second = 0] = groups;
  if (first < 0x2000 || first > 0x3fff) return false;
  return (
    first !== 0x2002 && !(first === 0x2001 && (second < 0x200 || second === 0xdb8)) && !(first === 0x3fff && second < 0x1000)
  );
}

function groupsOf(ipv6: string): number[] {
  const spelled = new URL(`http://[${ipv6}]`).hostname.slice(1, -1);
  const [head = '', tail] = spelled.split('::');
  const read = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [before, after] = [read(head), read(tail ?? '')];
  return tail === undefined ? before : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function drawIpv4(random: Random): string {
  const [from, to] = random.pick(IPV4_INSIDE);
  const number = random.chance(0.6)
    ? random.pick([numberOf(from), numberOf(to), numberOf(from) - 1, numberOf(to) + 1])
    : random.whole(0, 2 ** 32 - 1);
  const inside = Math.min(Math.max(number, 0), 2 ** 32 - 1);
  return [24, 16, 8, 0].map((bits) => Math.floor(inside / 2 ** bits) % 256).join('.');
}

function drawIpv6(random: Random): string {
  const group = () => random.whole(0, 0xffff).toString(16);
  const first = random.pick([
    '0',
    '1',
    '64',
    'fc00',
    'fd00',
    'fe80',
    'fec0',
    'ff02',
    '2000',
    '2001',
    '2002',
    '2606',
    '3fff',
    '3ffe',
    '4000',
  ]);
  return random.pick([
    `::ffff:${drawIpv4(random)}`,
    `::${drawIpv4(random)}`,
    `64:ff9b::${drawIpv4(random)}`,
    `${first}::${group()}`,
    `${first}:${random.pick(['0', 'db8', '200', 'fff', group()])}::${group()}`,
    `${first}:${group()}:${group()}:${group()}:${group()}:${group()}:${group()}:${group()}`,
    ...['::', '::1', 'fd00:ec2::254', 'fe80::1%eth0', '0:0:0:0:0:0:0:1'],
  ]);
}

const drawAddress = (random: Random) => (random.chance(0.5) ? drawIpv4(random) : drawIpv6(random));

/** One address in the spellings that parsers of URLs take: other bases, fewer parts, full-width digits, percent. */
function disguised(ipv4: string, random: Random): string {
  const number = numberOf(ipv4);
  const parts = ipv4.split('.').map(Number);
  return random.pick([
    ipv4,
    `${ipv4}.`,
    String(number),
    `0x${number.toString(16)}`,
    `0${number.toString(8)}`,
    parts.map((part) => `0x${part.toString(16)}`).join('.'),
    parts.map((part) => `0${part.toString(8)}`).join('.'),
    `${parts[0]}.${number % 2 ** 24}`,
    ipv4.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    ipv4.replaceAll('.', '。'),
    ipv4.replace(/\d/, (digit) => `%3${digit}`),
  ]);
}

function drawUrl(random: Random): string {
  // Most of what is drawn below is refused for several reasons at once: an address that is checked too loosely shows where all else is right.
  if (random.chance(0.2)) return `https://${drawIpv4(random)}${random.pick(['', '/v1', ':8443/v1'])}`;
  const scheme = random.pick([
    'https://',
    'https://',
    'http://',
    'HTTPS://',
    'https:\\\\',
    'https:/',
    'ftp://',
    '//',
    'https://a@',
    'https://a:b@',
  ]);
  const name = random.pick([
    'api.example.com',
    'listed.example',
    'localhost',
    'LOCALHOST.',
    'x.localhost',
    'metadata',
    'db.internal',
    'a_b.example',
    'ｌocalhost',
  ]);
  const host = random.pick([disguised(drawIpv4(random), random), `[${drawIpv6(random)}]`, name, anyText(random, 12)]);
  const end = random.pick([
    '',
    '/v1',
    ':8443/v1',
    ':0',
    ':99999',
    '@10.0.0.1/',
    '\\@10.0.0.1',
    '?x',
    '#x',
    `/${anyText(random, 8)}`,
  ]);
  return `${scheme}${host}${end}`;
}
