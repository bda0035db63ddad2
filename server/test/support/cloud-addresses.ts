/** The addresses of Azure and Vertex AI, by what their documentation and recordings of their clients show. */
import type { Wire } from '../../src/dialects/dialect.ts';
import type { CredentialKind, CredentialSettings } from '../../src/domain/routing/credential.ts';

export interface CloudAddress {
  readonly provider: 'azure' | 'vertex';
  readonly kind?: CredentialKind;
  readonly baseUrl?: string;
  readonly settings?: CredentialSettings;
  readonly upstreamModel: string;
  readonly wire: Wire;
  readonly stream?: true;
  readonly url: string;
}

const RESOURCE = 'https://acme.openai.azure.com';
const OLDER = { apiVersion: '2024-10-21' } as const;
const PREVIEW = { apiVersion: '2025-04-01-preview' } as const;

const azure = (wire: Wire, path: string, more: Partial<CloudAddress> = {}): CloudAddress => ({
  ...{ provider: 'azure', upstreamModel: 'my-gpt', wire, url: RESOURCE + path },
  ...more,
});

const AT = '/projects/acme-ai/locations';
const vertex = (upstreamModel: string, wire: Wire, url: string, more: Partial<CloudAddress> = {}): CloudAddress => ({
  ...{ provider: 'vertex', kind: 'gcp_service_account', upstreamModel, wire, url: `https://${url}` },
  ...more,
});
const located = (location: string) => ({ settings: { project: 'acme-ai', location } });
const EU = `europe-west4-aiplatform.googleapis.com`;

export const CLOUD_ADDRESSES: readonly CloudAddress[] = [
  azure('openai-chat', '/openai/v1/chat/completions'),
  azure('openai-chat', '/openai/v1/chat/completions', { stream: true }),
  azure('openai-responses', '/openai/v1/responses'),
  azure('openai-compact', '/openai/v1/responses/compact'),
  azure('openai-completions', '/openai/v1/completions'),
  azure('openai-embeddings', '/openai/v1/embeddings'),
  azure('openai-chat', '/openai/v1/chat/completions', { kind: 'azure_entra' }),
  azure('openai-chat', '/openai/v1/chat/completions', { kind: 'ambient' }),
  azure('openai-chat', '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21', { settings: OLDER }),
  azure('openai-completions', '/openai/deployments/my-gpt/completions?api-version=2024-10-21', { settings: OLDER }),
  azure('openai-embeddings', '/openai/deployments/my-gpt/embeddings?api-version=2024-10-21', { settings: OLDER }),
  azure('openai-chat', '/openai/deployments/a%20b%2F..%3Fc/chat/completions?api-version=2024-10-21', {
    upstreamModel: 'a b/..?c',
    settings: OLDER,
  }),
  azure('openai-responses', '/openai/responses?api-version=2025-04-01-preview', { settings: PREVIEW }),
  // As the pages of Azure show an address: with the beginning of the paths, and with another host.
  azure('openai-chat', '/openai/v1/chat/completions', { baseUrl: `${RESOURCE}/` }),
  azure('openai-chat', '/openai/v1/chat/completions', { baseUrl: `${RESOURCE}/openai/v1/` }),
  azure('openai-chat', '/openai/v1/chat/completions', { baseUrl: `${RESOURCE}/openai` }),
  azure('openai-chat', '', {
    baseUrl: 'https://resource-name.cognitiveservices.azure.com',
    settings: OLDER,
    upstreamModel: 'gpt-5-nano',
    url: 'https://resource-name.cognitiveservices.azure.com/openai/deployments/gpt-5-nano/chat/completions?api-version=2024-10-21',
  }),
  azure('openai-responses', '', {
    baseUrl: 'https://pydantic-ai-realtime-dev.openai.azure.com',
    url: 'https://pydantic-ai-realtime-dev.openai.azure.com/openai/v1/responses',
  }),
  azure('openai-chat', '', {
    baseUrl: 'https://gate.acme.test/azure',
    url: 'https://gate.acme.test/azure/openai/v1/chat/completions',
  }),

  vertex(
    'gemini-2.5-flash',
    'gemini',
    `${EU}/v1beta1${AT}/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent`,
  ),
  vertex(
    'gemini-2.5-flash',
    'gemini',
    `${EU}/v1beta1${AT}/europe-west4/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse`,
    { stream: true },
  ),
  vertex(
    'gemini-2.5-flash',
    'gemini',
    'aiplatform.googleapis.com/v1beta1/projects/pydantic-ai/locations/global/publishers/google/models/gemini-2.5-flash:generateContent',
    { settings: { project: 'pydantic-ai', location: 'global' } },
  ),
  vertex(
    'gemini-2.5-flash',
    'gemini-count-tokens',
    'aiplatform.googleapis.com/v1beta1/projects/pydantic-ai/locations/global/publishers/google/models/gemini-2.5-flash:countTokens',
    { settings: { project: 'pydantic-ai', location: 'global' } },
  ),
  vertex(
    'publishers/google/models/gemini-3-pro',
    'gemini',
    `aiplatform.us.rep.googleapis.com/v1beta1${AT}/us/publishers/google/models/gemini-3-pro:generateContent`,
    located('us'),
  ),
  vertex(
    'google/gemini-3-pro',
    'gemini',
    `aiplatform.eu.rep.googleapis.com/v1beta1${AT}/eu/publishers/google/models/gemini-3-pro:generateContent`,
    located('eu'),
  ),
  vertex('endpoints/1234567890', 'gemini', `${EU}/v1beta1${AT}/europe-west4/endpoints/1234567890:generateContent`),
  vertex('a:b?c#d', 'gemini', `${EU}/v1beta1${AT}/europe-west4/publishers/google/models/a%3Ab%3Fc%23d:generateContent`),
  vertex(
    'claude-sonnet-4-5@20250929',
    'anthropic-messages',
    `${EU}/v1${AT}/europe-west4/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`,
  ),
  vertex(
    'claude-opus-4-6',
    'anthropic-messages',
    `aiplatform.googleapis.com/v1${AT}/global/publishers/anthropic/models/claude-opus-4-6:streamRawPredict`,
    { stream: true, ...located('global') },
  ),
  vertex(
    'publishers/anthropic/models/claude-opus-4-6',
    'anthropic-messages',
    `${EU}/v1${AT}/europe-west4/publishers/anthropic/models/claude-opus-4-6:rawPredict`,
    { kind: 'ambient' },
  ),
  vertex(
    'anthropic/claude-opus-4-6',
    'anthropic-messages',
    `${EU}/v1${AT}/europe-west4/publishers/anthropic/models/claude-opus-4-6:rawPredict`,
  ),
  vertex(
    'claude-sonnet-4-5@20250929',
    'anthropic-count-tokens',
    `${EU}/v1${AT}/europe-west4/publishers/anthropic/models/count-tokens:rawPredict`,
  ),
  vertex('meta/llama-3.3-70b-instruct-maas', 'openai-chat', `${EU}/v1${AT}/europe-west4/endpoints/openapi/chat/completions`),
  vertex(
    'deepseek-ai/deepseek-v3.1-maas',
    'openai-chat',
    `aiplatform.googleapis.com/v1${AT}/global/endpoints/openapi/chat/completions`,
    { stream: true, ...located('global') },
  ),
  vertex(
    'gemini-2.5-flash',
    'gemini',
    `vertex.p.acme.test/v1beta1${AT}/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent`,
    { baseUrl: 'https://vertex.p.acme.test' },
  ),
];
