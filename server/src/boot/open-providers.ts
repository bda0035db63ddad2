/** The providers of this process by name, and what their presets say about prices and test calls. */
import { MOVED_WORDS, movedTo } from '../domain/presets/own-preset.ts';
import { CODED_PROVIDERS, type Preset } from '../domain/presets/preset.ts';
import type { DeploymentConfig, ProviderName } from '../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { listUpstreamModels } from '../providers/credential-check.ts';
import { contextWindowOf, priceFor } from '../providers/price-table.ts';
import type { CredentialTrace, DeploymentCheck, Provider, Providers } from '../providers/provider.ts';
import type { Recorder } from '../providers/traced/recorder.ts';
import { type TracedProvider, traceCredential } from '../providers/traced/trace-credential.ts';
import { traceDeployment } from '../providers/traced/trace-deployment.ts';
import { readVendorModels } from '../providers/vendor-models.ts';
import type { Snapshot } from '../proxy/snapshot/snapshot.ts';

export interface OpenProviders extends Providers {
  /** The presets of this version. */
  readonly shipped: readonly Preset[];
  /** Returns a provider for one test of a credential, with no token of earlier calls. Tells its calls to the recorder. */
  tracedFor(credential: CredentialConfig, recorder: Recorder): TracedProvider;
}

/** Returns the providers by name. Every name without code of its own is a preset's, and its credentials hold the preset. */
export function openProviders(
  coded: readonly Provider[],
  { presets, shipped }: { readonly presets: Provider; readonly shipped: readonly Preset[] },
): Omit<OpenProviders, 'tracedFor'> {
  const byName = new Map<ProviderName, Provider>(coded.map((provider) => [provider.name, provider]));
  return { shipped, get: (name) => byName.get(name) ?? (CODED_PROVIDERS.has(name) ? undefined : presets) };
}

/** Returns the functions about providers for what makes no requests of clients: the admin plane and jobs. */
export function knowledgeOf(providers: OpenProviders, snapshot: Pick<Snapshot, 'catalogue'>) {
  const presetOf = (name: ProviderName) => snapshot.catalogue().presets?.get(name) ?? null;
  const known = (name: ProviderName) => (CODED_PROVIDERS.has(name) || presetOf(name) !== null ? providers.get(name) : undefined);
  const whole = (credential: CredentialConfig) =>
    CODED_PROVIDERS.has(credential.provider) ? credential : { ...credential, preset: presetOf(credential.provider) };
  const shipped = new Set(providers.shipped.map(({ id }) => id));
  /** Returns the failure of an own credential whose preset has moved; null if it may be called. */
  const moved = (credential: CredentialConfig) => {
    const preset = presetOf(credential.provider);
    if ((credential.organizationId ?? null) === null || preset === null || shipped.has(credential.provider)) return null;
    const isMoved = movedTo(credential, preset, new Set([credential.provider])) !== null;
    return isMoved ? ({ ok: false, status: null, message: MOVED_WORDS } as const) : null;
  };
  /** Returns the vendor's name in the list of prices; null if the list does not have it. */
  const listName = (name: ProviderName) => (CODED_PROVIDERS.has(name) ? name : (presetOf(name)?.prices ?? null));
  /** Returns the function that opens a provider for one test; without a credential the provider makes no calls. */
  const openTraced = (name: ProviderName, credential: CredentialConfig | null) => (recorder: Recorder) => {
    const provider = known(name);
    if (credential === null || provider === undefined) return { provider, close: () => {} };
    return providers.tracedFor(credential, recorder);
  };
  return {
    priceFor: (provider: ProviderName, upstreamModel: string) => {
      const listed = listName(provider);
      return listed === null ? null : priceFor(listed, upstreamModel);
    },
    contextWindowOf: (provider: ProviderName, upstreamModel: string) => {
      const listed = listName(provider);
      return listed === null ? null : contextWindowOf(listed, upstreamModel);
    },
    checkDeployment: async (deployment: DeploymentConfig): Promise<DeploymentCheck> => {
      const { credential } = deployment;
      const refused = credential === null ? null : moved(credential);
      if (refused !== null) return { ...refused, latencyMs: 0, calls: [] };
      const called = credential === null ? deployment : { ...deployment, credential: whole(credential) };
      return traceDeployment(called, openTraced(called.provider, called.credential), clock);
    },
    listModels: async (credential: CredentialConfig) =>
      moved(credential) ?? listUpstreamModels(known(credential.provider), whole(credential)),
    traceCredential: async (credential: CredentialConfig): Promise<CredentialTrace> => {
      const refused = moved(credential);
      if (refused !== null) return { result: refused, meaning: refused.message, ms: 0, calls: [] };
      const called = whole(credential);
      return traceCredential(called, openTraced(called.provider, called), clock);
    },
    readModels: async (credential: CredentialConfig) =>
      moved(credential) ?? readVendorModels(known(credential.provider), whole(credential), clock),
  };
}
