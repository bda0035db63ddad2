import { type BoundedFetch, NotAnswered } from '../../lib/bounded-fetch.ts';
import type { ProviderToAsk } from '../protocol.ts';
import { ConfigProblem, ProviderIncomplete, ProviderUnreachable } from '../protocol-problems.ts';
import {
  type CheckUrl,
  discoveryUrl,
  type OidcConfig,
  type OidcMetadata,
  parseMetadata,
  parseOidcConfig,
} from './oidc-config.ts';

export interface DiscoveryDeps {
  readonly fetch: BoundedFetch;
  readonly checkUrl: CheckUrl;
  readonly nowMs: () => number;
}

/** A provider's configuration and what it says of itself. */
export interface Discovered {
  readonly config: OidcConfig;
  readonly metadata: OidcMetadata;
  /** Words for the page of a test: where it was read, and when. */
  readonly words: string;
}

export interface Discovery {
  /** Reads the document now. Throws ConfigProblem. */
  read(issuer: string): Promise<OidcMetadata>;
  /**
   * Returns what is known of a provider, at most an hour old if it answers. Throws ProviderUnreachable if nothing is known, and
   * ProviderIncomplete for a draft without a client ID.
   */
  of(provider: ProviderToAsk): Promise<Discovered>;
}

interface Kept {
  readonly metadata: OidcMetadata;
  readonly readAtMs: number;
  triedAtMs: number;
  problem: string | null;
}

const FRESH_MS = 3_600_000;
const RETRY_MS = 30_000;
const KEPT_MAX = 1_000;

/**
 * Opens discovery with a cache. If the provider does not answer, its last document is used, also the one that was stored when the
 * configuration was saved: it only says where to call. What is trusted are keys, and those have a limit of their own.
 */
export function openDiscovery(deps: DiscoveryDeps): Discovery {
  const kept = new Map<string, Kept>();
  const reading = new Map<string, Promise<OidcMetadata>>();

  function readOnce(issuer: string): Promise<OidcMetadata> {
    const running = reading.get(issuer) ?? read(deps, issuer).finally(() => reading.delete(issuer));
    reading.set(issuer, running);
    return running;
  }

  async function refreshed(issuer: string, saved: unknown): Promise<Kept> {
    const now = deps.nowMs();
    const known = kept.get(issuer);
    if (known !== undefined && (now - known.readAtMs < FRESH_MS || now - known.triedAtMs < RETRY_MS)) return known;
    try {
      return keep(kept, issuer, { metadata: await readOnce(issuer), readAtMs: now, triedAtMs: now, problem: null });
    } catch (error) {
      if (!(error instanceof ConfigProblem)) throw error;
      const last = known?.metadata ?? savedMetadata(saved, issuer, deps.checkUrl);
      if (last === null) throw new ProviderUnreachable(error.message);
      return keep(kept, issuer, { metadata: last, readAtMs: known?.readAtMs ?? 0, triedAtMs: now, problem: error.message });
    }
  }

  return {
    read: async (issuer) => {
      const metadata = await read(deps, issuer);
      keep(kept, issuer, { metadata, readAtMs: deps.nowMs(), triedAtMs: deps.nowMs(), problem: null });
      return metadata;
    },
    of: async (provider) => {
      const config = configOf(provider, deps.checkUrl);
      const { metadata, problem } = await refreshed(config.issuer, provider.config.metadata);
      const at = discoveryUrl(config.issuer);
      const words = problem === null ? `read at ${at}` : `the last known document of ${at} is used; now: ${problem}`;
      return { config, metadata, words };
    },
  };
}

/** Reads the stored configuration. One that no longer passes makes the provider unreachable: the words say what to correct. */
function configOf(provider: ProviderToAsk, checkUrl: CheckUrl): OidcConfig {
  try {
    const { client_id, ...config } = parseOidcConfig(provider.config, checkUrl);
    if (client_id === undefined)
      throw new ProviderIncomplete(
        `${provider.name} has no client ID yet. Enter the client ID that the provider gave to the application.`,
      );
    return { ...config, client_id };
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    throw new ProviderUnreachable(`The configuration cannot be used: ${error.pointer.slice(1)} ${error.message}.`);
  }
}

function savedMetadata(saved: unknown, issuer: string, checkUrl: CheckUrl): OidcMetadata | null {
  try {
    return parseMetadata(saved, issuer, checkUrl);
  } catch {
    return null;
  }
}

async function read({ fetch, checkUrl }: DiscoveryDeps, issuer: string): Promise<OidcMetadata> {
  const url = discoveryUrl(issuer);
  const bad = (words: string) => new ConfigProblem('/issuer', `The provider ${words} (${url}).`);
  let answer: Response;
  try {
    answer = await fetch(url, { method: 'GET', headers: { accept: 'application/json' }, body: null });
  } catch (error) {
    if (error instanceof NotAnswered) throw bad(error.message);
    throw error;
  }
  if (answer.status !== 200) throw bad(`answered ${answer.status}, and not 200 with its discovery document`);
  const document = await answer.json().catch(() => null);
  return parseMetadata(document, issuer, checkUrl);
}

function keep(kept: Map<string, Kept>, issuer: string, one: Kept): Kept {
  kept.delete(issuer);
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string);
  kept.set(issuer, one);
  return one;
}
