/** Opens the vendors, once for the platform's credentials and once for those that organizations brought. */
import type { Cloud } from '../domain/clouds.ts';
import type { Preset } from '../domain/presets/preset.ts';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import { createAnthropicProvider } from '../providers/anthropic/anthropic-provider.ts';
import { createAzureProvider } from '../providers/azure/azure-provider.ts';
import { createBedrockProvider } from '../providers/bedrock/bedrock-provider.ts';
import { createCohereProvider } from '../providers/cohere/cohere-provider.ts';
import { createFakeProvider } from '../providers/fake/fake-provider.ts';
import { createGeminiProvider } from '../providers/gemini/gemini-provider.ts';
import { createOpenAiProvider } from '../providers/openai/openai-provider.ts';
import { createPresetProvider } from '../providers/preset/preset-provider.ts';
import type { CallPurpose, Provider } from '../providers/provider.ts';
import type { Recorder } from '../providers/traced/recorder.ts';
import type { TracedProvider } from '../providers/traced/trace-credential.ts';
import { createVertexProvider } from '../providers/vertex/vertex-provider.ts';
import { createVoyageProvider } from '../providers/voyage/voyage-provider.ts';
import { BadSetting } from '../settings/bad-setting.ts';
import type { Config } from '../settings/config.ts';
import { type AddressPolicy, createAddressPolicy } from '../upstream/address-policy.ts';
import { createFileCalls, type FileCalls } from '../upstream/file-calls.ts';
import { createTransport, type Transport } from '../upstream/transport.ts';
import { type OpenProviders, openProviders } from './open-providers.ts';
import { tokensFor } from './tokens-for.ts';

/** The addresses that credentials and identity providers may have, by who brings them. */
export interface AddressPolicies {
  readonly platform: AddressPolicy;
  /** Stricter: tenants must not reach inner addresses through the gateway, not even those that the platform uses. */
  readonly organizations: AddressPolicy;
  /** Of identity providers. What they say decides who comes in, so being listed for anything else is not enough. */
  readonly identityProviders: AddressPolicy;
}

export interface ProvidersInUse {
  readonly providers: OpenProviders;
  /** Closes every connection. Call it once no request is in flight. */
  close(): void;
}

/** Reads the three settings. Throws BadSetting for an entry that is not a host, an address or a CIDR. */
export function policiesOf({ mode, allowedUpstreams, allowedOwnUpstreams, allowedIdentityProviders }: Config): AddressPolicies {
  return {
    platform: policyFor('HEADGATE_ALLOWED_UPSTREAMS', mode, allowedUpstreams),
    // Tenants enter these addresses, so production rules hold in development too: loopback services are not theirs to call.
    organizations: policyFor('HEADGATE_ALLOWED_OWN_UPSTREAMS', 'production', allowedOwnUpstreams),
    // Tenants enter these too.
    identityProviders: policyFor('HEADGATE_ALLOWED_IDENTITY_PROVIDERS', 'production', allowedIdentityProviders),
  };
}

function policyFor(setting: string, mode: Config['mode'], listed: readonly string[]): AddressPolicy {
  const policy = createAddressPolicy({ mode, allowedUpstreams: listed.join(','), setting });
  if ('problem' in policy) throw new BadSetting(`${setting}: ${policy.problem}.`);
  return policy;
}

/**
 * Opens the providers. Calls with an organization's own credential have connections of their own: one that was opened under the
 * rules of the platform never carries them.
 */
export function providersFor(
  config: Config,
  { policies, shipped }: { readonly policies: AddressPolicies; readonly shipped: readonly Preset[] },
  wheel: TimerWheel,
  log: Logger,
): ProvidersInUse {
  const client = config.fastLane === 'on' ? 'plain' : 'full';
  const transports = {
    platform: createTransport({ policy: policies.platform, wheel, client }),
    organizations: createTransport({ policy: policies.organizations, wheel, client, hidesInnerNames: true }),
  };
  const files = {
    platform: createFileCalls({ policy: policies.platform }),
    organizations: createFileCalls({ policy: policies.organizations, hidesInnerNames: true }),
  };
  const ours = vendorsOver(transports.platform, files.platform, new Set(config.ambientCredentials), config, wheel, log);
  // The identity of this machine is the platform's alone.
  const theirs = vendorsOver(transports.organizations, files.organizations, new Set(), config, wheel, log);
  const byName = new Map(theirs.providers.map((provider) => [provider.name, provider]));
  const coded = ours.providers.map((provider) => byOwner(provider, byName.get(provider.name) ?? provider));
  const presets = byOwner(
    createPresetProvider({ transport: transports.platform }),
    createPresetProvider({ transport: transports.organizations }),
  );
  const tracedFor = (credential: CredentialConfig, recorder: Recorder): TracedProvider => {
    const isOwn = (credential.organizationId ?? null) !== null;
    const transport = isOwn ? transports.organizations : transports.platform;
    const ambient = new Set(isOwn ? [] : config.ambientCredentials);
    // Tokens and keys that were fetched before would hide what fetching them gives now.
    const opened = vendorsOver(transport, isOwn ? files.organizations : files.platform, ambient, config, wheel, log, recorder);
    const coded = opened.providers.find(({ name }) => name === credential.provider);
    const provider = coded ?? createPresetProvider({ transport: recorder.over(transport, 'call') });
    return { provider, close: opened.close };
  };
  return {
    providers: { ...openProviders(coded, { presets, shipped }), tracedFor },
    close: () => {
      for (const transport of Object.values(transports)) transport.close();
      for (const calls of Object.values(files)) calls.close();
      ours.close();
      theirs.close();
    },
  };
}

/** Returns a provider that makes the calls of an organization's own credentials with another one. All else is the same. */
function byOwner(ours: Provider, theirs: Provider): Provider {
  const isOwn = (credential: CredentialConfig | null) => (credential?.organizationId ?? null) !== null;
  const { openModels, batches } = ours;
  return {
    ...ours,
    open: (request, sink) => (isOwn(request.deployment.credential) ? theirs : ours).open(request, sink),
    ...(batches === undefined
      ? {}
      : { batches: (credential) => (isOwn(credential) ? (theirs.batches ?? batches) : batches)(credential) }),
    ...(openModels === undefined
      ? {}
      : {
          openModels: (credential, sink) =>
            (isOwn(credential) ? (theirs.openModels ?? openModels) : openModels)(credential, sink),
        }),
  };
}

/** `recorder`: keeps every call, for the test of a credential. */
function vendorsOver(
  through: Transport,
  files: FileCalls,
  ambientClouds: ReadonlySet<Cloud>,
  config: Config,
  wheel: TimerWheel,
  log: Logger,
  recorder?: Recorder,
) {
  const watched = (purpose: CallPurpose) => (one: Transport) => recorder?.over(one, purpose) ?? one;
  const transport = watched('call')(through);
  const { tokens, onFailure, close } = tokensFor(through, wheel, ambientClouds, log, watched('token'));
  const providers: readonly Provider[] = [
    createOpenAiProvider({ transport, files, responsesHosts: config.responsesUpstreams }),
    createAnthropicProvider({ transport }),
    createGeminiProvider({ transport }),
    createCohereProvider({ transport }),
    createVoyageProvider({ transport }),
    createAzureProvider({ transport, tokens, files }),
    createVertexProvider({ transport, tokens }),
    createBedrockProvider({
      ...{ transport, keysTransport: watched('token')(through), clock, after: tokens.after, onFailure },
      isAmbientAllowed: ambientClouds.has('aws'),
    }),
    createFakeProvider(),
  ];
  return { providers, close };
}
