import type { Assertion } from '../domain/identity/assertion.ts';
import type { FlowPurpose, ProviderProtocol } from '../domain/identity/words.ts';

/** An identity provider as a protocol needs it. `config` was checked by the protocol's own schema when it was saved. */
export interface ProviderToAsk {
  readonly organizationId: string;
  readonly id: string;
  readonly name: string;
  readonly protocol: ProviderProtocol;
  readonly config: Readonly<Record<string, unknown>>;
  /** The opened client secret (OIDC) or private keys (SAML); null if there is none. */
  readonly secret: string | null;
  readonly groupsClaim: string | null;
  readonly secondFactorValues: readonly string[];
}

/** The address to which a browser is sent, and the facts that must be found again when it comes back. */
export interface ProtocolStart {
  /** The address to open, or a form to post (SAML's POST binding): always an https address of the provider, or http on loopback. */
  readonly location: string;
  /** Kept sealed with the flow: nonce and verifier, or the request's id. */
  readonly keep: Readonly<Record<string, string>>;
}

/** One check of an answer, in words for the page of the test: "signed by 3f:9a…, trusted is 77:02…". */
export interface AnswerCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly words: string;
}

export type ProtocolOutcome =
  | { readonly is: 'asserted'; readonly assertion: Assertion; readonly checks: readonly AnswerCheck[] }
  | {
      readonly is: 'refused';
      readonly code: string;
      readonly words: string;
      readonly checks: readonly AnswerCheck[];
      readonly claims: Readonly<Record<string, unknown>> | null;
    };

export interface Protocol {
  /** Checks and completes a configuration (discovery, metadata) when it is saved or tested. Throws ConfigProblem with a pointer and words. */
  readConfig(config: unknown, secret: string | null): Promise<Readonly<Record<string, unknown>>>;
  start(
    provider: ProviderToAsk,
    asked: {
      readonly state: string;
      readonly purpose: FlowPurpose;
      readonly loginHint: string | null;
      readonly isFresh: boolean;
    },
  ): Promise<ProtocolStart>;
  /** Never throws for what a provider says; throws only ProviderUnreachable. `incoming`: the query of the callback, or the form of the ACS post. */
  finish(provider: ProviderToAsk, keep: Readonly<Record<string, string>>, incoming: URLSearchParams): Promise<ProtocolOutcome>;
}
