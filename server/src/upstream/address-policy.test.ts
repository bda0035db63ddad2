import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AddressPolicy,
  type AddressPolicyOptions,
  addressProblem,
  checkBaseUrl,
  checkWebhookUrl,
  createAddressPolicy,
  isPlainOnNetwork,
} from './address-policy.ts';

function policy(options: Partial<AddressPolicyOptions> = {}): AddressPolicy {
  const made = createAddressPolicy({ mode: 'production', allowedUpstreams: '', ...options });
  if ('problem' in made) throw new Error(made.problem);
  return made;
}

const production = policy();

describe('a base URL', () => {
  it.each([
    'https://api.openai.com/v1',
    'https://api.anthropic.com',
    'HTTPS://API.OPENAI.COM/v1/',
    'https://models.example.com:8080/v1',
    'https://8.8.8.8/v1',
    'https://[2606:4700::6810:85e5]/v1',
    'https://my_host.example.com',
    'https://xn--bcher-kva.example/v1',
  ])('may be public: %s', (url) => {
    expect(checkBaseUrl(url, production)).toBeNull();
  });

  it.each([
    // not http(s), or not a URL
    ...[
      '',
      'api.openai.com',
      'ftp://example.com',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'https://',
      'https:///v1',
      'http:example.com',
    ],
    ...[
      'https://exa mple.com',
      'https://example.com/\r\nx: y',
      'https://example.com\\@10.0.0.1',
      'http://example.com:99999',
      'http://example.com:0',
    ],
    // user information, query, fragment
    ...[
      'https://user:pass@example.com',
      'https://user@example.com',
      'https://@example.com',
      'https://example.com@10.0.0.1/',
      'https://example.com/?a=b',
    ],
    ...['https://example.com/#x', 'https://example.com/?'],
    // loopback, private, CGNAT, link-local, metadata, multicast, unspecified, reserved
    ...[
      'http://127.0.0.1',
      'http://127.8.8.8',
      'http://localhost',
      'http://LOCALHOST.:80',
      'http://a.localhost',
      'http://[::1]',
      'http://0.0.0.0',
    ],
    ...[
      'http://10.0.0.1',
      'http://172.16.0.1',
      'http://172.31.255.255',
      'http://192.168.1.1',
      'http://100.64.0.1',
      'http://198.18.0.1',
    ],
    ...[
      'http://169.254.169.254/latest',
      'http://169.254.1.1',
      'http://100.100.100.200',
      'http://168.63.129.16',
      'http://192.0.0.192',
    ],
    ...['http://224.0.0.1', 'http://255.255.255.255', 'http://240.0.0.1', 'http://203.0.113.1'],
    ...[
      'http://[fd00:ec2::254]',
      'http://[fd20:ce::254]',
      'http://[fe80::1]',
      'http://[fc00::1]',
      'http://[fd12:3456::1]',
      'http://[ff02::1]',
      'http://[::]',
    ],
    ...[
      'http://metadata',
      'http://metadata.google.internal',
      'http://vault.internal',
      'http://printer.local',
      'http://db.home.arpa',
    ],
    // IPv4 inside IPv6
    ...[
      'http://[::ffff:127.0.0.1]',
      'http://[::ffff:7f00:1]',
      'http://[0:0:0:0:0:ffff:a9fe:a9fe]',
      'http://[::ffff:8.8.8.8]',
      'http://[::127.0.0.1]',
    ],
    ...['http://[64:ff9b::a9fe:a9fe]', 'http://[2002:7f00:1::]', 'http://[2001:0:1::1]'],
    // addresses in disguise, of public ones too
    ...[
      'http://2130706433',
      'http://0x7f000001',
      'http://0177.0.0.1',
      'http://127.1',
      'http://0x7f.1',
      'http://１２７.0.0.1',
      'http://①②⑦.0.0.1',
    ],
    ...['http://134744072', 'http://8.8.2056', 'http://%38.8.8.8', 'http://8.8.8.8.'],
    `https://example.com/${'a'.repeat(2_048)}`,
  ])('may not be %s', (url) => {
    expect(checkBaseUrl(url, production)).toBeTypeOf('string');
  });

  it('may be loopback in development only', () => {
    const development = policy({ mode: 'development' });
    for (const url of ['http://127.0.0.1:9999/v1', 'http://localhost:9999/v1', 'http://[::1]:9999']) {
      expect(checkBaseUrl(url, development)).toBeNull();
      expect(checkBaseUrl(url, production)).toBeTypeOf('string');
    }
    for (const url of ['http://127.0.0.2', 'http://10.0.0.1', 'http://169.254.169.254'])
      expect(checkBaseUrl(url, development)).toBeTypeOf('string');
  });

  it('may be what HEADGATE_ALLOWED_UPSTREAMS names, as an address, a CIDR or a host', () => {
    const allowing = policy({ allowedUpstreams: '127.0.0.1, 10.1.0.0/16  vLLM.internal.,[fd00::5], 2001:db8::/32' });
    for (const url of [
      'http://127.0.0.1:9/v1',
      'http://10.1.2.3',
      'http://vllm.internal:8000/v1',
      'http://[fd00::5]',
      'http://[2001:db8::1]',
    ]) {
      expect(checkBaseUrl(url, allowing)).toBeNull();
    }
    for (const url of [
      'http://127.0.0.2',
      'http://10.2.0.1',
      'http://other.internal',
      'http://[fd00::6]',
      'http://vllm.internal.evil.local',
    ]) {
      expect(checkBaseUrl(url, allowing)).toBeTypeOf('string');
    }
  });

  // The key and every prompt would cross the internet in plain text.
  it('is taken without TLS only where the policy lists its host', () => {
    const allowing = policy({ allowedUpstreams: 'vllm.internal, models.example.com, 10.1.0.0/16' });
    for (const url of ['http://models.example.com/v1', 'http://vllm.internal:8000', 'http://10.1.2.3/v1'])
      expect([checkBaseUrl(url, allowing), isPlainOnNetwork(url, allowing)]).toEqual([null, false]);
    for (const url of ['http://models.example.com/v1', 'http://api.openai.com', 'http://8.8.8.8', 'HTTP://vllm:8000']) {
      expect(checkBaseUrl(url, production)).toContain('must begin with https://');
      expect(isPlainOnNetwork(url, production)).toBe(true);
    }
    expect(isPlainOnNetwork('https://api.openai.com', production)).toBe(false);
  });

  it('that is taken never leaves in plain text for a host that is not listed', () => {
    const scheme = fc.constantFrom('http', 'https', 'HTTP', 'hTtP');
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.constant('listed.example'),
    );
    const listing = policy({ allowedUpstreams: 'listed.example' });
    fc.assert(
      fc.property(scheme, host, fc.webPath(), (scheme, host, path) => {
        const url = `${scheme}://${host}${path}`;
        for (const check of [checkBaseUrl, checkWebhookUrl]) {
          if (check(url, listing) !== null) continue;
          expect(new URL(url).protocol === 'https:' || host === 'listed.example').toBe(true);
        }
      }),
    );
  });

  it('never makes the check throw, whatever it is', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void checkBaseUrl(`http://${text}`, production)));
    fc.assert(fc.property(fc.webUrl(), (text) => void checkBaseUrl(text, production)));
  });
});

describe('a resolved address', () => {
  it('is refused when it is not public, whatever the name was', () => {
    for (const address of [
      '127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '::1',
      'fe80::1%eth0',
      '::ffff:10.0.0.1',
      'fd00:ec2::254',
      '64:ff9b::1',
      'nonsense',
      '',
    ]) {
      expect(addressProblem(address, 'api.example.com', production)).toBeTypeOf('string');
    }
    for (const address of ['8.8.8.8', '104.18.7.192', '2606:4700::6812:7c0'])
      expect(addressProblem(address, 'api.example.com', production)).toBeNull();
  });

  it('of a host on the allow-list may be private, but never link-local or a metadata service', () => {
    const allowing = policy({ allowedUpstreams: 'vllm.internal' });
    for (const address of ['10.0.0.1', '127.0.0.1', '::1', 'fd12::1', '100.64.1.1'])
      expect(addressProblem(address, 'vllm.internal', allowing)).toBeNull();
    for (const address of ['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '0.0.0.0', '::ffff:169.254.169.254', '224.0.0.1']) {
      expect(addressProblem(address, 'vllm.internal', allowing)).toBeTypeOf('string');
    }
    expect(addressProblem('10.0.0.1', 'other.example.com', allowing)).toBeTypeOf('string');
  });

  it('agrees with the URL check on every IPv4 literal', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(checkBaseUrl(`https://${address}/v1`, production)).toBe(addressProblem(address, address, production));
      }),
    );
  });
});

describe('HEADGATE_ALLOWED_UPSTREAMS', () => {
  it.each([
    '10.0.0.0/33',
    '10.0.0',
    '1.2.3.4/x',
    'http://host',
    'host:80',
    '*',
    'a b/24',
    '::1/129',
    '-x.example',
    `${'a'.repeat(300)}`,
  ])('with %s stops the start, naming the entry', (entry) => {
    expect(createAddressPolicy({ mode: 'production', allowedUpstreams: `good.example, ${entry}` })).toHaveProperty('problem');
  });
});
