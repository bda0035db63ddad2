/** Calls of Azure and Vertex over a transport that records its requests. A token is always there, and is `T`. */
import type { InboundWire, Wire } from '../../src/dialects/dialect.ts';
import type { DeploymentConfig, DeploymentMode } from '../../src/domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../src/domain/routing/credential.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { createAzureProvider } from '../../src/providers/azure/azure-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { createTokens } from '../../src/providers/tokens/tokens.ts';
import { createVertexProvider } from '../../src/providers/vertex/vertex-provider.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import type { TransportRequest } from '../../src/upstream/transport-request.ts';
import type { CloudAddress } from './cloud-addresses.ts';
import { cloudCredential } from './cloud-site.ts';
import { deployment } from './walk.ts';

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Returns the request that a call of the row sends. Rejects with the failure of a call that sends none. */
export async function sentTo(
  row: CloudAddress,
  forward: readonly string[] = [],
  change: Partial<CredentialConfig> = {},
): Promise<Sent> {
  return send(credentialOf(row, change), row, forward);
}

sentTo.with = (credential: CredentialConfig): Promise<Sent> =>
  send(credential, { provider: 'azure', upstreamModel: 'm', wire: 'openai-chat', url: '' }, []);

sentTo.wireFor = (row: CloudAddress, client: InboundWire, mode: DeploymentMode): Wire | null => {
  const [azure, vertex] = providersOver(recorder([]));
  return (row.provider === 'azure' ? azure : vertex).wireFor(client, { ...deploymentOf(row, credentialOf(row)), mode });
};

function credentialOf(row: CloudAddress, change: Partial<CredentialConfig> = {}): CredentialConfig {
  return cloudCredential(row.provider, row.kind ?? 'api_key', {
    ...(row.baseUrl === undefined ? {} : { baseUrl: row.baseUrl }),
    ...(row.settings === undefined ? {} : { settings: row.settings }),
    ...change,
  });
}

function deploymentOf({ provider, upstreamModel }: CloudAddress, credential: CredentialConfig): DeploymentConfig {
  return deployment({ provider, upstreamModel, credential });
}

async function send(credential: CredentialConfig, row: CloudAddress, forward: readonly string[]): Promise<Sent> {
  const sent: TransportRequest[] = [];
  const [azure, vertex] = providersOver(recorder(sent));
  const provider = row.provider === 'azure' ? azure : vertex;
  const request = { wire: row.wire, body: Buffer.from('{}'), stream: row.stream === true, forward, query: '' };
  await new Promise<void>((resolve, reject) => {
    const sink = { head: () => {}, data: () => true, end: resolve, failed: reject };
    provider.open({ ...request, deployment: deploymentOf(row, credential) }, sink);
  });
  const { origin, path, headers } = sent.at(-1) as TransportRequest;
  return {
    url: origin + path,
    headers: Object.fromEntries(headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []))),
  };
}

function providersOver(transport: Transport): readonly [Provider, Provider] {
  const tokens = createTokens({
    transport,
    metadataTransport: () => transport,
    ambientClouds: new Set(['azure', 'gcp']),
    clock: systemClock,
    after: () => () => {},
  });
  return [createAzureProvider({ transport, tokens }), createVertexProvider({ transport, tokens })];
}

/** A transport that answers each request at once with a token, which everything else ignores. */
function recorder(sent: TransportRequest[]): Transport {
  const answer = Buffer.from(JSON.stringify({ access_token: 'T', expires_in: 3600, token_type: 'Bearer' }));
  return {
    send: (request, sink) => {
      sent.push(request);
      queueMicrotask(() => {
        sink.head(200, { 'metadata-flavor': 'Google' });
        sink.data(answer);
        sink.end();
      });
      return { sent: true, abort: () => {}, resume: () => {} };
    },
    stats: () => new Map(),
    close: () => {},
  };
}
