import type { InboundWire, Wire } from '../../dialects/dialect.ts';
import { isOfResponses } from '../../dialects/exchange.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { FileCalls } from '../../upstream/file-calls.ts';
import type { Transport } from '../../upstream/transport.ts';
import { batchesOverHttp } from '../batch-access.ts';
import type { Provider } from '../provider.ts';
import { CHAT_WIRES, OPENAI_HEADERS, openAiPath } from '../served-wires.ts';
import { readErrorWithToken } from '../tokens/read-error-with-token.ts';
import type { Tokens } from '../tokens/tokens.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';
import { readAzureError } from './read-azure-error.ts';

interface AzureProviderDeps {
  readonly transport: Transport;
  /** The calls that carry files; absent: no batches. */
  readonly files?: FileCalls;
  readonly tokens: Tokens;
}

/**
 * Creates the provider for OpenAI's models at Azure. A deployment's upstream model is the name of Azure's own deployment. Without a
 * version of the API, the newer paths (`/openai/v1`) are called, which have none.
 */
export function createAzureProvider({ transport, tokens, files }: AzureProviderDeps): Provider {
  return {
    name: 'azure',
    wireFor: servedWire,
    ...callOverHttp(azureOver(tokens), transport),
    ...(files === undefined ? {} : { batches: batchesOverHttp({ baseUrl: newerPaths, authentication, tokens, files }) }),
    readError: readErrorWithToken(tokens, readAzureError),
  };
}

function azureOver(tokens: Tokens): VendorHttp {
  return {
    // Each resource has a host of its own.
    defaultBaseUrl: '',
    baseUrl: resourceUrl,
    path: (wire, upstreamModel, { settings }) => {
      const version = settings?.apiVersion;
      if (version === undefined) return `/openai/v1${openAiPath(wire)}`;
      const deployment = isOfResponses(wire) ? '' : `/deployments/${encodeURIComponent(upstreamModel)}`;
      return `/openai${deployment}${openAiPath(wire)}?${versionQuery(version)}`;
    },
    modelsPath: ({ settings }) =>
      settings?.apiVersion === undefined ? '/openai/v1/models' : `/openai/models?${versionQuery(settings.apiVersion)}`,
    authentication,
    tokens,
    forwarded: OPENAI_HEADERS,
    passesQuery: false,
  };
}

function authentication({ apiKey }: CredentialConfig): string[] {
  return apiKey === '' ? [] : ['api-key', apiKey];
}

/** Returns the address of the newer paths, which alone have files and batches in OpenAI's form. */
function newerPaths(credential: CredentialConfig): string | null {
  const resource = credential.settings?.apiVersion === undefined ? resourceUrl(credential) : null;
  return resource === null ? null : `${resource}/openai/v1`;
}

/** Returns the address of a resource. Azure's pages show it with and without the beginning of the paths. */
function resourceUrl({ baseUrl }: CredentialConfig): string | null {
  return baseUrl === null ? null : baseUrl.replace(/\/+$/, '').replace(/\/openai(?:\/v1)?$/, '');
}

function versionQuery(version: string): string {
  return `api-version=${encodeURIComponent(version)}`;
}

function servedWire(client: InboundWire, { mode, credential }: DeploymentConfig): Wire | null {
  if (mode === 'completion') return client === 'openai-completions' ? client : null;
  if (!isOfResponses(client) || !hasResponses(credential)) return CHAT_WIRES[client];
  if (client === 'cursor-responses') return 'openai-responses';
  // Azure documents no count of a request's tokens.
  return client === 'openai-input-tokens' ? null : client;
}

/** The first version with the Responses API. Versions are dates, and some have `-preview` behind. */
const RESPONSES_SINCE = '2025-03-01';

function hasResponses(credential: CredentialConfig | null): boolean {
  const version = credential?.settings?.apiVersion;
  return version === undefined || version.slice(0, RESPONSES_SINCE.length) >= RESPONSES_SINCE;
}
