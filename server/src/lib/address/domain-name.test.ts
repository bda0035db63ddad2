import { expect, test } from 'vitest';
import { DOMAIN_PATTERN, readDomain } from './domain-name.ts';

test.each([
  ['acme.com', 'acme.com'],
  [' ACME.Com. ', 'acme.com'],
  ['@acme.com', 'acme.com'],
  ['mail.acme.co.uk', 'mail.acme.co.uk'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['ＡＣＭＥ.com', 'acme.com'],
  ['acme.test', 'acme.test'],
  ['corp.acme.internal', 'corp.acme.internal'],
  ['acme.github.io', 'acme.github.io'],
])('%s is the domain %s', (text, domain) => {
  expect(readDomain(text)).toEqual({ is: 'domain', domain });
  expect(text).toMatch(new RegExp(DOMAIN_PATTERN, 'u'));
});

test.each([
  ['', 'must be a domain'],
  ['acme', 'whole domain'],
  ['localhost', 'whole domain'],
  ['com', 'whole domain'],
  ['co.uk', 'suffix'],
  ['github.io', 'suffix'],
  ['s3.amazonaws.com', 'suffix'],
  ['127.0.0.1', 'not an IP address'],
  ['0x7f.1', 'not an IP address'],
  ['[::1]', 'domain alone'],
  ['acme.123', 'must be'],
  ['https://acme.com', 'domain alone'],
  ['acme.com/x', 'domain alone'],
  ['ada@acme.com', 'domain alone'],
  ['acme.com:53', 'domain alone'],
  ['*.acme.com', 'must be a domain'],
  ['_headgate.acme.com', 'must be a domain'],
  ['-acme.com', 'must be a domain'],
  ['acme..com', 'must be a domain'],
  ['ac\u0000me.com', 'must be a domain'],
  ['acme%2ecom', 'domain alone'],
  [`${'a'.repeat(64)}.com`, 'must be a domain'],
  [`${'a.'.repeat(126)}com`, 'at most 253'],
])('%j is none', (text, words) => {
  expect(readDomain(text)).toEqual({ is: 'invalid', problem: expect.stringContaining(words) });
});
