import { describe, expect, it, test } from 'vitest';
import { API_KEY, bedrockUpstream, JSON_HEAD } from '../../../test/support/bedrock-upstream.ts';
import { testTransport } from '../../../test/support/upstream.ts';
import { deployment } from '../../../test/support/walk.ts';
import type { InboundWire, Wire } from '../../dialects/dialect.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { systemClock as clock } from '../../lib/timing/clock.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';
import { checkDeployment, listUpstreamModels } from '../credential-check.ts';
import type { ProviderError } from '../provider.ts';
import { createBedrockProvider } from './bedrock-provider.ts';
import { countedModel, modelArn, pathOf, placeOf } from './endpoints.ts';

const after = (ms: number, callback: () => void) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};
const provider = () => createBedrockProvider({ transport: testTransport(), clock, after, isAmbientAllowed: false });
const credential = (more: Partial<CredentialConfig> = {}): CredentialConfig => ({
  ...{
    id: 'cred_1',
    provider: 'bedrock',
    baseUrl: null,
    kind: 'aws_bearer',
    apiKey: API_KEY,
    settings: { region: 'eu-central-1' },
  },
  ...more,
});
const CLAUDE = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
const PROFILE = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mi1dadi0g15f';

describe('the wire in which Bedrock serves', () => {
  it.each<[InboundWire, string, Wire | null]>([
    ['anthropic-messages', CLAUDE, 'anthropic-messages'],
    ['anthropic-messages', PROFILE, 'bedrock-converse'],
    ['anthropic-messages', 'us.amazon.nova-micro-v1:0', 'bedrock-converse'],
    ['openai-chat', CLAUDE, 'bedrock-converse'],
    ['openai-responses', CLAUDE, 'bedrock-converse'],
    ['openai-completions', CLAUDE, 'bedrock-converse'],
    ['cursor-responses', CLAUDE, 'bedrock-converse'],
    ['gemini', CLAUDE, 'bedrock-converse'],
    ['anthropic-count-tokens', CLAUDE, 'anthropic-count-tokens'],
    ['openai-input-tokens', CLAUDE, 'anthropic-count-tokens'],
    ['anthropic-count-tokens', `${PROFILE}-claude`, null],
    ['anthropic-count-tokens', 'us.amazon.nova-micro-v1:0', null],
    ['gemini-count-tokens', CLAUDE, null],
    ['openai-embeddings', 'amazon.titan-embed-text-v2:0', null],
    ['openai-compact', CLAUDE, null],
  ])('for %s and %s is %s', (client, upstreamModel, wire) => {
    expect(provider().wireFor(client, deployment({ provider: 'bedrock', upstreamModel }))).toBe(wire);
    expect(provider().wireFor(client, deployment({ provider: 'bedrock', upstreamModel, mode: 'embedding' }))).toBeNull();
  });

  test('puts documents in order at another service, which names models by ARN', () => {
    const rerank = deployment({ provider: 'bedrock', upstreamModel: 'cohere.rerank-v3-5:0', mode: 'rerank' });
    expect(provider().wireFor('cohere-rerank', rerank)).toBe('bedrock-rerank');
    expect(provider().wireFor('openai-chat', rerank)).toBeNull();
    expect(placeOf('bedrock-agent-runtime', credential())?.origin).toBe(
      'https://bedrock-agent-runtime.eu-central-1.amazonaws.com',
    );
    expect(pathOf('bedrock-rerank', rerank.upstreamModel, false)).toBe('/rerank');
    const of = (region: string, model = rerank.upstreamModel) => modelArn(model, region);
    expect(of('us-west-2')).toBe('arn:aws:bedrock:us-west-2::foundation-model/cohere.rerank-v3-5:0');
    expect(of('us-gov-west-1')).toBe('arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/cohere.rerank-v3-5:0');
    expect(of('cn-north-1')).toBe('arn:aws-cn:bedrock:cn-north-1::foundation-model/cohere.rerank-v3-5:0');
    expect(of('us-west-2', PROFILE)).toBe(PROFILE);
  });

  test('lists betas only for Claude, and few for its newest', () => {
    const form = (wire: Wire, upstreamModel: string) => provider().cloudForm?.(wire, deployment({ upstreamModel }));
    expect(form('bedrock-converse', CLAUDE)).toBeNull();
    expect(form('anthropic-messages', CLAUDE)?.knownBetas).toContain('context-1m-2025-08-07');
    expect(form('anthropic-messages', 'global.anthropic.claude-opus-4-7')?.knownBetas).toEqual([
      'interleaved-thinking-2025-05-14',
    ]);
  });
});

describe('the place where Bedrock is called', () => {
  it.each<[string, CredentialConfig, string | null]>([
    ['a region', credential(), 'https://bedrock-runtime.eu-central-1.amazonaws.com'],
    ['China', credential({ settings: { region: 'cn-north-1' } }), 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    [
      'Europe’s own cloud',
      credential({ settings: { region: 'eusc-de-east-1' } }),
      'https://bedrock-runtime.eusc-de-east-1.amazonaws.eu',
    ],
    ['a private endpoint', credential({ baseUrl: 'https://vpce-1.example.com/x/' }), 'https://vpce-1.example.com/x'],
    ['nothing', credential({ settings: {} }), null],
    ['a region that is none', credential({ settings: { region: 'evil.example.com/x' } }), null],
    ['an address that is none', credential({ baseUrl: 'nonsense' }), null],
  ])('is that of %s', (_name, one, url) => {
    const place = placeOf('bedrock-runtime', one);
    expect(place === null ? null : place.origin + place.path).toBe(url);
    if (place !== null) expect(place.region).toBe(one.settings?.region);
  });

  it.each<[Wire, string, boolean, string]>([
    ['bedrock-converse', CLAUDE, false, '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse'],
    ['bedrock-converse', CLAUDE, true, '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream'],
    ['anthropic-messages', 'anthropic.claude-3', true, '/model/anthropic.claude-3/invoke-with-response-stream'],
    ['anthropic-count-tokens', 'us-gov.anthropic.claude-3', false, '/model/anthropic.claude-3/count-tokens'],
    [
      'bedrock-converse',
      PROFILE,
      false,
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fmi1dadi0g15f/converse',
    ],
    ['bedrock-converse', '../../x?y', false, '/model/..%2F..%2Fx%3Fy/converse'],
  ])('has for %s, %s and streams %s the path %s', (wire, upstreamModel, stream, path) => {
    expect(pathOf(wire, upstreamModel, stream)).toBe(path);
  });

  it.each([
    [CLAUDE, 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3', 'anthropic.claude-3'],
    ['arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3', 'anthropic.claude-3'],
    [PROFILE, null],
  ])('counts the tokens of %s for %s', (upstreamModel, counted) => expect(countedModel(upstreamModel)).toBe(counted));
});

describe('an error of Bedrock', () => {
  const read = (status: number, type: string | null, message: string, one = credential()) => {
    const headers: UpstreamHeaders = type === null ? {} : { 'x-amzn-errortype': type };
    return provider().readError(status, headers, Buffer.from(JSON.stringify({ message })), one);
  };

  it.each<[number, string | null, string, ProviderError['kind'], number]>([
    [400, null, 'The provided model identifier is invalid.', 'caller', 400],
    [400, 'ValidationException', 'Input is too long for requested model.', 'context_length', 400],
    [400, 'ValidationException', 'prompt is too long: 210000 tokens > 200000 maximum', 'context_length', 400],
    [
      400,
      'ValidationException:http://internal.amazon.com/coral/',
      'The model returned the following errors: input length and `max_tokens` exceed context limit',
      'context_length',
      400,
    ],
    [400, 'ServiceQuotaExceededException', 'You have exceeded a quota.', 'quota', 400],
    [400, 'ExpiredTokenException', 'The security token included in the request is expired', 'credential', 401],
    [403, 'AccessDeniedException', "You don't have access to the model with the specified model ID.", 'credential', 403],
    [403, 'UnrecognizedClientException', 'The security token included in the request is invalid.', 'credential', 403],
    [404, 'ResourceNotFoundException', 'Could not resolve the foundation model', 'caller', 404],
    [408, 'ModelTimeoutException', 'slow', 'unavailable', 408],
    [424, 'ModelErrorException', 'broken', 'unavailable', 424],
    [429, 'ThrottlingException', 'Too many requests, please wait before trying again.', 'rate_limited', 429],
    [429, 'ThrottlingException', 'Too many tokens per day, please wait before trying again.', 'quota', 429],
    [429, 'ModelNotReadyException', 'The model is being loaded', 'unavailable', 429],
    [500, 'InternalServerException', 'oops', 'unavailable', 500],
    [503, 'ServiceUnavailableException', 'later', 'unavailable', 503],
  ])('%i %s “%s” is %s', (status, type, message, kind, told) => {
    expect(read(status, type, message)).toMatchObject({ kind, status: told });
  });

  test('shows no secret, no account and no resource', () => {
    const secret = {
      kind: 'aws_static',
      accessKeyId: 'OWNKEYID',
      secretAccessKey: 'own/secret+key',
      sessionToken: null,
    } as const;
    const one = credential({ kind: 'aws_static', apiKey: '', secret: { ...secret, roleArn: null, externalId: null } });
    const message = `User: arn:aws:sts::123456789012:assumed-role/r/s of 123456789012 with OWNKEYID, ASIAABCDEFGHIJKLMNOP and own/secret+key is not authorized to perform: bedrock:InvokeModel`;
    const read1 = read(403, 'AccessDeniedException', message, one).message;
    expect(read1).not.toMatch(/123456789012|arn:|OWNKEYID|ASIAABC|own\/secret/);
    expect(read1).toContain('bedrock:InvokeModel');
    expect(read(403, null, `key ${API_KEY}`).message).not.toContain(API_KEY);
    const capital = provider().readError(400, {}, Buffer.from('{"Message":"in capitals"}'));
    expect(capital.message).toBe('in capitals');
  });

  test('about the list of models alone says nothing about the credential', () => {
    const message = 'User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:ListFoundationModels';
    expect(read(403, 'AccessDeniedException', message)).toMatchObject({ kind: 'caller', status: 404 });
  });
});

describe('a check of', () => {
  test('a deployment asks Converse for one token', async () => {
    const upstream = await bedrockUpstream((_asked, response) => void response.writeHead(200, JSON_HEAD).end('{"output":{}}'));
    const one = credential({ baseUrl: upstream.origin });
    const checked = await checkDeployment(
      provider(),
      deployment({ provider: 'bedrock', upstreamModel: CLAUDE, credential: one }),
      clock,
    );
    expect(checked).toMatchObject({ ok: true, status: 200 });
    expect(upstream.asked[0]).toMatchObject({
      operation: 'converse',
      body: { messages: [{ role: 'user', content: [{ text: 'ping' }] }], inferenceConfig: { maxTokens: 1 } },
    });
    await upstream.close();
  });

  test('a credential lists its models', async () => {
    const summaries = { modelSummaries: [{ modelId: 'b', modelName: 'B' }, { modelId: 'a' }, null] };
    const upstream = await bedrockUpstream(
      (_asked, response) => void response.writeHead(200, JSON_HEAD).end(JSON.stringify(summaries)),
    );
    const listed = await listUpstreamModels(provider(), credential({ baseUrl: upstream.origin }));
    expect(listed).toEqual({ ok: true, models: ['a', 'b'] });
    expect(upstream.asked[0]?.operation).toBe('/foundation-models');
    await upstream.close();
  });
});
