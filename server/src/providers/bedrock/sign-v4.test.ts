import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vector from '../../../test/recorded/bedrock-sigv4.json' with { type: 'json' };
import { Pieces } from '../../lib/pieces.ts';
import { type AwsKeys, amzDate, authorization, canonicalRequest, encoded, hashOf, signingHeaders } from './sign-v4.ts';

/** The keys of AWS's own examples. */
const KEYS: AwsKeys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
};
const DATE = '20150830T123600Z';

describe('a signature of version 4', () => {
  it('equals the vector of another client for Bedrock, with a session token', () => {
    const { request, credentials, region, service, expected } = vector;
    const { host, pathname: path } = new URL(request.url);
    const body = Buffer.from(request.body);
    const { contentType } = request;
    const atMs = Date.parse(vector.signingDate);
    const headers = signingHeaders({ method: 'POST', host, path, contentType, body }, credentials, { region, service }, atMs);
    expect(headers).toEqual([
      ...['x-amz-content-sha256', expected.payloadHash, 'x-amz-date', expected.date],
      ...['x-amz-security-token', credentials.sessionToken, 'authorization', expected.authorization],
    ]);
  });

  // From the suite of AWS for signatures, and the example of its documentation.
  it.each<[string, 'GET' | 'POST', string, string[], string, string]>([
    ['get-vanilla', 'GET', '/', [], 'service', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      'GET',
      '/?Param2=value2&Param1=value1',
      [],
      'service',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    ['post-vanilla', 'POST', '/', [], 'service', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'the list of users',
      'GET',
      '/?Action=ListUsers&Version=2010-05-08',
      ['content-type', 'application/x-www-form-urlencoded; charset=utf-8'],
      'iam',
      '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    ],
  ])('equals AWS’s own example %s', (_name, method, path, more, service, signature) => {
    const host = service === 'iam' ? 'iam.amazonaws.com' : 'example.amazonaws.com';
    const headers = [...more, 'host', host, 'x-amz-date', DATE];
    const request = { method, host, path, headers, payloadHash: hashOf(null) };
    expect(authorization(request, KEYS, { region: 'us-east-1', service }, DATE)).toMatch(new RegExp(`Signature=${signature}$`));
  });

  it('encodes the path once more, which is encoded already', () => {
    const path = `/model/${encoded('us.anthropic.claude-sonnet-4-5-20250929-v1:0')}/converse`;
    expect(path).toContain('v1%3A0');
    const request = { method: 'POST', host: 'h', path, headers: ['host', 'h'], payloadHash: '' } as const;
    expect(canonicalRequest(request).split('\n')[1]).toBe('/model/us.anthropic.claude-sonnet-4-5-20250929-v1%253A0/converse');
  });

  it('depends on the body in pieces as on the whole body, and on every part of the request', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.string(), (bytes, at, id) => {
        const body = Buffer.from(bytes);
        const cut = Math.min(at, body.length);
        expect(hashOf(new Pieces([body.subarray(0, cut), body.subarray(cut)]))).toBe(hashOf(body));
        const sign = (model: string, sent: Buffer, keys = KEYS, nowMs = 0) =>
          signingHeaders(
            { method: 'POST', host: 'h', path: `/model/${encoded(model)}/invoke`, contentType: 'application/json', body: sent },
            keys,
            { region: 'eu-central-1', service: 'bedrock' },
            nowMs,
          ).at(-1);
        const one = sign(id, body);
        expect(sign(id, body)).toBe(one);
        expect(sign(`${id}x`, body)).not.toBe(one);
        expect(sign(id, Buffer.concat([body, Buffer.from('x')]))).not.toBe(one);
        expect(sign(id, body, { ...KEYS, sessionToken: 't' })).not.toBe(one);
        expect(sign(id, body, KEYS, 86_400_000)).not.toBe(one);
        expect(encoded(id.toWellFormed())).toMatch(/^[A-Za-z0-9\-._~%]*$/);
      }),
    );
  });

  it('writes the time in UTC, without fractions', () => {
    expect(amzDate(Date.parse('2025-01-02T03:04:05.999Z'))).toBe('20250102T030405Z');
  });
});
