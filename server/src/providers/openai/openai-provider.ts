import { isOfResponses } from '../../dialects/exchange.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { FileCalls } from '../../upstream/file-calls.ts';
import type { Transport } from '../../upstream/transport.ts';
import { batchesOverHttp } from '../batch-access.ts';
import type { Provider } from '../provider.ts';
import { readOpenAiError } from '../read-error.ts';
import { CHAT_WIRES, OPENAI_HEADERS, openAiPath } from '../served-wires.ts';
import { callOverHttp, type VendorHttp } from '../vendor-http.ts';

const OPENAI: VendorHttp = {
  // The base URL of this kind includes /v1, because compatible servers use paths of their own.
  defaultBaseUrl: 'https://api.openai.com/v1',
  path: openAiPath,
  modelsPath: '/models',
  // Local servers often need no key, and some refuse an empty one.
  authentication: (credential) => (credential.apiKey === '' ? [] : ['authorization', `Bearer ${credential.apiKey}`]),
  forwarded: OPENAI_HEADERS,
  passesQuery: false,
};

const BATCHES = {
  baseUrl: ({ baseUrl }: CredentialConfig) => baseUrl ?? OPENAI.defaultBaseUrl,
  authentication: OPENAI.authentication,
};

interface OpenAiProviderDeps {
  readonly transport: Transport;
  /** The calls that carry files; absent: no batches. */
  readonly files?: FileCalls;
  /** The hosts, besides OpenAI's own, whose servers speak the Responses API. */
  readonly responsesHosts?: readonly string[];
}

/**
 * Creates the provider for OpenAI, and for every server that speaks its chat completions, text completions and embeddings. Responses are asked of
 * OpenAI itself and of the servers listed; for the others they are translated into chat completions.
 */
export function createOpenAiProvider(deps: OpenAiProviderDeps): Provider {
  const hosts = new Set([OPENAI_HOST, ...(deps.responsesHosts ?? [])].map((host) => host.toLowerCase()));
  return {
    name: 'openai',
    wireFor(client, deployment) {
      if (deployment.mode === 'completion') return client === 'openai-completions' ? client : null;
      if (!isOfResponses(client) || !speaksResponses(deployment, hosts)) return CHAT_WIRES[client];
      return client === 'cursor-responses' ? 'openai-responses' : client;
    },
    takesCacheKey: isOpenAi,
    ...callOverHttp(OPENAI, deps.transport),
    ...(deps.files === undefined ? {} : { batches: batchesOverHttp({ ...BATCHES, files: deps.files }) }),
    readError: readOpenAiError,
  };
}

function speaksResponses({ credential }: DeploymentConfig, hosts: ReadonlySet<string>): boolean {
  const text = credential?.baseUrl ?? OPENAI.defaultBaseUrl;
  if (!URL.canParse(text)) return false;
  const { host, hostname } = new URL(text);
  return hosts.has(host) || hosts.has(hostname);
}

/** Reports whether a deployment is at OpenAI itself, in any of its regions. Other servers may refuse fields that they do not know. */
function isOpenAi({ credential }: DeploymentConfig): boolean {
  const baseUrl = credential?.baseUrl ?? null;
  if (baseUrl === null) return true;
  if (!baseUrl.includes(OPENAI_HOST) || !URL.canParse(baseUrl)) return false;
  const { hostname } = new URL(baseUrl);
  return hostname === OPENAI_HOST || hostname.endsWith(`.${OPENAI_HOST}`);
}

const OPENAI_HOST = 'api.openai.com';
