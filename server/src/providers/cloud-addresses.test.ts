import { describe, expect, it } from 'vitest';
import { CLOUD_ADDRESSES, type CloudAddress } from '../../test/support/cloud-addresses.ts';
import { sentTo } from '../../test/support/cloud-calls.ts';
import { cloudCredential } from '../../test/support/cloud-site.ts';
import type { InboundWire, Wire } from '../dialects/dialect.ts';
import type { CredentialSettings } from '../domain/routing/credential.ts';
import { vertexModel } from './vertex/vertex-model.ts';

describe('the address of a call', () => {
  it.each(CLOUD_ADDRESSES)('to $provider for $upstreamModel in $wire is $url', async (row) => {
    const { url, headers } = await sentTo(row);
    expect(url).toBe(row.url);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'accept-encoding': 'identity' });
  });

  it('presents an API key in the header of Azure, and a token as Bearer, and never both', async () => {
    const presented = async (row: Partial<CloudAddress>) => {
      const { headers } = await sentTo({ provider: 'azure', upstreamModel: 'm', wire: 'openai-chat', url: '', ...row });
      return [headers['api-key'], headers.authorization];
    };
    expect(await presented({ kind: 'api_key' })).toEqual(['CANARYapiKey8Q', undefined]);
    expect(await presented({ kind: 'azure_entra' })).toEqual([undefined, 'Bearer T']);
    expect(await presented({ kind: 'ambient' })).toEqual([undefined, 'Bearer T']);
    expect(await presented({ provider: 'vertex', kind: 'gcp_service_account', wire: 'gemini' })).toEqual([undefined, 'Bearer T']);
  });

  it('forwards a client’s betas to Vertex, and its version to neither', async () => {
    const forward = ['anthropic-beta', 'b-1', 'anthropic-version', '2023-06-01', 'x-client-request-id', 'r', 'x-secret', 's'];
    const row = {
      provider: 'vertex',
      kind: 'gcp_service_account',
      upstreamModel: 'claude-x',
      wire: 'anthropic-messages',
      url: '',
    } as const;
    const { headers } = await sentTo(row, forward);
    expect([
      headers['anthropic-beta'],
      headers['anthropic-version'],
      headers['x-client-request-id'],
      headers['x-secret'],
    ]).toEqual(['b-1', undefined, 'r', undefined]);
    const azure = await sentTo({ provider: 'azure', upstreamModel: 'm', wire: 'openai-chat', url: '' }, forward);
    expect([azure.headers['anthropic-beta'], azure.headers['x-client-request-id']]).toEqual([undefined, 'r']);
  });

  it.each<[string, CredentialSettings | undefined]>([
    ['no settings', undefined],
    ['no project', { location: 'us-central1' }],
    ['no location', { project: 'p' }],
    ['a location that is a host', { project: 'p', location: 'evil.test/' }],
    ['a location with an at sign', { project: 'p', location: 'a@evil' }],
    ['a location that begins with a dash', { project: 'p', location: '-x' }],
    ['an endless location', { project: 'p', location: 'a'.repeat(41) }],
  ])('to Vertex with %s is none: nothing is sent', async (_, settings) => {
    const row = { provider: 'vertex', kind: 'gcp_service_account', upstreamModel: 'gemini-x', wire: 'gemini', url: '' } as const;
    await expect(sentTo({ ...row, settings: settings ?? {} })).rejects.toMatchObject({ kind: 'not_connected', sent: false });
  });

  it('to Azure without a base URL is none', async () => {
    await expect(
      sentTo({ provider: 'azure', upstreamModel: 'm', wire: 'openai-chat', url: '' }, [], { baseUrl: null }),
    ).rejects.toMatchObject({ kind: 'not_connected', sent: false });
  });
});

describe('the wire of a call', () => {
  const clients = [
    'openai-chat',
    'anthropic-messages',
    'openai-responses',
    'gemini',
    'openai-completions',
    'cursor-responses',
    'openai-compact',
    'openai-input-tokens',
    'openai-embeddings',
    'anthropic-count-tokens',
    'gemini-count-tokens',
  ] as const satisfies readonly InboundWire[];
  const wires = (row: Partial<CloudAddress>, mode: 'chat' | 'completion' | 'embedding' = 'chat') =>
    clients.map((client) =>
      sentTo.wireFor({ provider: 'azure', upstreamModel: 'm', wire: 'openai-chat', url: '', ...row }, client, mode),
    );
  const [C, R, M, G] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const;

  it.each<[string, Partial<CloudAddress>, (Wire | null)[]]>([
    ['Azure', {}, [C, C, R, C, C, R, 'openai-compact', null, 'openai-embeddings', null, null]],
    [
      'an older version at Azure',
      { settings: { apiVersion: '2024-10-21' } },
      [C, C, C, C, C, C, null, null, 'openai-embeddings', null, null],
    ],
    [
      'a version at Azure with responses',
      { settings: { apiVersion: '2025-03-01-preview' } },
      [C, C, R, C, C, R, 'openai-compact', null, 'openai-embeddings', null, null],
    ],
    [
      'Gemini at Vertex',
      { provider: 'vertex', upstreamModel: 'gemini-x' },
      [G, G, G, G, G, G, null, null, null, null, 'gemini-count-tokens'],
    ],
    [
      'Claude at Vertex',
      { provider: 'vertex', upstreamModel: 'claude-x' },
      [M, M, M, M, M, M, null, 'anthropic-count-tokens', null, 'anthropic-count-tokens', null],
    ],
    [
      'Claude at Vertex by its resource',
      { provider: 'vertex', upstreamModel: 'publishers/anthropic/models/claude-x' },
      [M, M, M, M, M, M, null, null, null, null, null],
    ],
    [
      'other publishers at Vertex',
      { provider: 'vertex', upstreamModel: 'meta/llama' },
      [C, C, C, C, C, C, null, null, null, null, null],
    ],
  ])('to %s', (_, row, served) => {
    expect(wires(row)).toEqual(served);
  });

  it('of a deployment that continues texts is only Azure’s', () => {
    expect(wires({}, 'completion').filter((wire) => wire !== null)).toEqual(['openai-completions']);
    expect(wires({ provider: 'vertex', upstreamModel: 'gemini-x' }, 'completion').filter((wire) => wire !== null)).toEqual([]);
    expect(wires({ provider: 'vertex', upstreamModel: 'gemini-x' }, 'embedding').filter((wire) => wire !== null)).toEqual([]);
  });
});

describe('the kind of a model at Vertex', () => {
  it.each([
    ['claude-opus-4-6', 'claude'],
    ['claude-sonnet-4-5@20250929', 'claude'],
    ['anthropic/claude-x', 'claude'],
    ['publishers/anthropic/models/claude-x', 'claude'],
    ['gemini-3-pro', 'gemini'],
    ['google/gemini-3-pro', 'gemini'],
    ['publishers/google/models/gemma', 'gemini'],
    ['endpoints/42', 'gemini'],
    ['meta/llama', 'other'],
    ['claude/llama', 'other'],
    ['my-claude', 'gemini'],
  ])('%s is %s', (name, kind) => {
    expect(vertexModel(name).is).toBe(kind);
  });
});

it('a credential of another cloud has no token', async () => {
  const credential = cloudCredential('azure', 'gcp_service_account', { secret: null });
  await expect(sentTo.with(credential)).rejects.toMatchObject({ kind: 'not_connected', sent: false });
});
