/** A vendor of a preset, over real HTTP: the product's own transport and provider, and a server that plays the vendor. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Preset } from '../../src/domain/presets/preset.ts';
import type { CredentialConfig } from '../../src/domain/routing/credential.ts';
import { createPresetProvider } from '../../src/providers/preset/preset-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { shippedPresets } from '../../src/providers/shipped-presets.ts';
import { createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createTransport } from '../../src/upstream/transport.ts';

export interface SeenCall {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface PresetSite {
  readonly provider: Provider;
  readonly called: SeenCall[];
  answer(call: SeenCall, response: ServerResponse): void;
  /** A credential of a shipped preset, at this server. */
  credentialOf(id: string): CredentialConfig;
  close(): Promise<void>;
}

export function shippedPreset(id: string): Preset {
  const preset = shippedPresets().find((one) => one.id === id);
  if (preset === undefined) throw new Error(`there is no preset ${id}`);
  return preset;
}

export async function openPresetSite(): Promise<PresetSite> {
  const server = createServer(async (incoming, response) => {
    const body = Buffer.concat(await incoming.toArray().catch(() => [])).toString();
    const seen = { url: incoming.url ?? '', headers: incoming.headers, body };
    site.called.push(seen);
    site.answer(seen, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '127.0.0.1' });
  if ('problem' in policy) throw new Error(policy.problem);
  const transport = createTransport({ policy });
  const site: PresetSite = {
    provider: createPresetProvider({ transport }),
    called: [],
    answer: (_call, response) => response.writeHead(500).end(),
    credentialOf: (id) => {
      const preset = shippedPreset(id);
      const baseUrl = origin + new URL(preset.baseUrl).pathname;
      return { id: `cred_${id}`, provider: id, baseUrl, apiKey: 'sk-canary-of-preset', preset };
    },
    close: async () => {
      transport.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return site;
}
