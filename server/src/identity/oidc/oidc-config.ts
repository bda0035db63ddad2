import { isLoopback } from '../loopback.ts';
import { ConfigProblem } from '../protocol-problems.ts';
import { listed, plain, quoted } from './quoted.ts';

/** The algorithms of signatures that are accepted. Never `none`, and never one whose key the client has too (HS). */
export const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

/** The ways in which the client shows its secret. */
const CLIENT_AUTHENTICATION = ['client_secret_basic', 'client_secret_post'] as const;
export type ClientAuthentication = (typeof CLIENT_AUTHENTICATION)[number];

/** The fields that the owner of an organization enters. */
export interface OidcConfig {
  /** Compared character by character with what the provider says of itself. */
  readonly issuer: string;
  readonly client_id: string;
  readonly scopes: readonly string[];
  readonly prompt?: string;
  /** Without it: `client_secret_basic` if the provider takes it, otherwise `client_secret_post`. */
  readonly client_authentication?: ClientAuthentication;
}

/** The fields of a draft. Providers give the client ID for the redirect URI, which a draft gets when it is saved. */
export type OidcDraft = Omit<OidcConfig, 'client_id'> & Partial<Pick<OidcConfig, 'client_id'>>;

/** The discovery document in which a provider describes itself, made plausible. */
export interface OidcMetadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly jwks_uri: string;
  readonly userinfo_endpoint?: string;
  readonly end_session_endpoint?: string;
  readonly id_token_signing_alg_values_supported: string[];
  readonly token_endpoint_auth_methods_supported?: string[];
  readonly authorization_response_iss_parameter_supported?: boolean;
}

/** Returns what is wrong with an address that the gateway calls, as words that follow its name; null if nothing is. */
export type CheckUrl = (url: string) => string | null;

const FIELDS: ReadonlySet<string> = new Set(['issuer', 'client_id', 'scopes', 'prompt', 'client_authentication', 'metadata']);
const URL_LENGTH_MAX = 2_048;
const CLIENT_ID_LENGTH_MAX = 500;
const SCOPES_MAX = 20;
const PROMPTS = ['login', 'select_account', 'consent'];
const DEFAULT_SCOPES = ['openid', 'email', 'profile'];
const LISTED_MAX = 100;

/** Reads what an owner entered. Throws ConfigProblem. `metadata` is what an earlier save added, and is read anew. */
export function parseOidcConfig(given: unknown, checkUrl: CheckUrl): OidcDraft {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ConfigProblem('', 'must be an object with issuer, client_id and scopes');
  const fields = given as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(fields).find((name) => !FIELDS.has(name));
  if (unknown !== undefined)
    throw new ConfigProblem(
      `/${plain(unknown)}`,
      'is not known; known are issuer, client_id, scopes, prompt and client_authentication',
    );
  const config: OidcDraft = {
    issuer: issuerIn(fields, checkUrl),
    ...optional('client_id', clientIdIn(fields)),
    scopes: scopesIn(fields),
    ...optional('prompt', oneOf(fields, 'prompt', PROMPTS)),
    ...optional('client_authentication', oneOf(fields, 'client_authentication', CLIENT_AUTHENTICATION)),
  };
  return config;
}

function issuerIn({ issuer }: Readonly<Record<string, unknown>>, checkUrl: CheckUrl): string {
  const problem =
    typeof issuer !== 'string' ? 'must be the address that the provider names as its issuer' : endpointProblem(issuer);
  const refused = problem ?? checkUrl(issuer as string);
  if (refused !== null) throw new ConfigProblem('/issuer', refused);
  if (/[?#]/.test(issuer as string)) throw new ConfigProblem('/issuer', 'must not have a query or a fragment');
  return issuer as string;
}

function clientIdIn({ client_id: id }: Readonly<Record<string, unknown>>): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (typeof id !== 'string' || id.length === 0 || id.length > CLIENT_ID_LENGTH_MAX || !/^[\x21-\x7e]+$/.test(id))
    throw new ConfigProblem('/client_id', `must be 1 to ${CLIENT_ID_LENGTH_MAX} printable characters without spaces`);
  return id;
}

function scopesIn({ scopes = DEFAULT_SCOPES }: Readonly<Record<string, unknown>>): readonly string[] {
  const isScope = (scope: unknown) => typeof scope === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope);
  if (!Array.isArray(scopes) || scopes.length > SCOPES_MAX || !scopes.every(isScope))
    throw new ConfigProblem('/scopes', `must be a list of at most ${SCOPES_MAX} scopes, each without spaces and quotes`);
  if (!scopes.includes('openid')) throw new ConfigProblem('/scopes', 'must contain "openid"; without it there is no ID token');
  if (scopes.includes('offline_access'))
    throw new ConfigProblem('/scopes', 'must not contain "offline_access": Headgate keeps no token of the provider');
  return [...new Set(scopes as string[])];
}

function oneOf<const T extends string>(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  values: readonly T[],
): T | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const found = values.find((one) => one === value);
  if (found === undefined) throw new ConfigProblem(`/${name}`, `must be one of ${values.join(', ')}, or left out`);
  return found;
}

function optional<const K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V };
}

/** Reads a discovery document. Throws ConfigProblem of `/issuer` with words that name both sides. */
export function parseMetadata(document: unknown, issuer: string, checkUrl: CheckUrl): OidcMetadata {
  const at = discoveryUrl(issuer);
  const bad = (words: string) => new ConfigProblem('/issuer', `The document at ${plain(at)} ${words}`);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw bad('is no JSON object.');
  const fields = document as Readonly<Record<string, unknown>>;
  if (fields.issuer !== issuer)
    throw bad(
      `names the issuer ${quoted(fields.issuer)}, configured is ${quoted(issuer)}. They must be equal in each character.`,
    );
  const endpoint = (name: string, isCalled: boolean): string => {
    const url = fields[name];
    const problem = typeof url !== 'string' ? 'is missing' : (endpointProblem(url) ?? (isCalled ? checkUrl(url) : null));
    if (problem !== null) throw bad(`has ${name} ${quoted(url)}, which ${problem}.`);
    return new URL(url as string).href;
  };
  const optionalEndpoint = (name: string, isCalled: boolean) =>
    optional(name, fields[name] === undefined || fields[name] === null ? undefined : endpoint(name, isCalled));
  const algorithms = textsIn(fields.id_token_signing_alg_values_supported) ?? ['RS256'];
  if (!algorithms.some((algorithm) => (ALGORITHMS as readonly string[]).includes(algorithm)))
    throw bad(`lists the algorithms ${listed(algorithms)} for ID tokens. Headgate takes ${ALGORITHMS.join(', ')}.`);
  return {
    issuer,
    authorization_endpoint: endpoint('authorization_endpoint', false),
    token_endpoint: endpoint('token_endpoint', true),
    jwks_uri: endpoint('jwks_uri', true),
    ...optionalEndpoint('userinfo_endpoint', true),
    ...optionalEndpoint('end_session_endpoint', false),
    // Any of ours, so that a provider may change its algorithm with its keys. Each key says for which one it is.
    id_token_signing_alg_values_supported: [...ALGORITHMS],
    ...optional('token_endpoint_auth_methods_supported', textsIn(fields.token_endpoint_auth_methods_supported) ?? undefined),
    ...optional(
      'authorization_response_iss_parameter_supported',
      fields.authorization_response_iss_parameter_supported === true ? true : undefined,
    ),
  };
}

/** Returns the address of the discovery document of an issuer. */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
}

/** Returns how the client authenticates, or null if it has no secret. Throws ConfigProblem if the provider takes neither way. */
export function clientAuthenticationOf(
  { client_authentication: wanted }: Pick<OidcConfig, 'client_authentication'>,
  { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] }: OidcMetadata,
  secret: string | null,
): ClientAuthentication | null {
  if (secret === null || wanted !== undefined) return secret === null ? null : (wanted ?? null);
  const found = CLIENT_AUTHENTICATION.find((method) => methods.includes(method));
  if (found === undefined)
    throw new ConfigProblem(
      '/client_authentication',
      `The provider takes ${listed(methods)}; Headgate shows a secret by ${CLIENT_AUTHENTICATION.join(' or ')}.`,
    );
  return found;
}

/** Addresses need TLS. Only a provider on this machine is called without: nobody else reads what goes there. */
function endpointProblem(url: string): string | null {
  if (url.length > URL_LENGTH_MAX) return `must have at most ${URL_LENGTH_MAX} characters`;
  if (!/^https?:\/\/[^/\s\\][^\s\\#]*$/i.test(url) || !URL.canParse(url))
    return 'must be an https address without spaces and "#"';
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return 'must not contain a user name or password';
  return protocol === 'https:' || isLoopback(hostname) ? null : 'must begin with https://';
}

function textsIn(value: unknown): string[] | null {
  if (!Array.isArray(value) || value.length > LISTED_MAX) return null;
  return value.filter((one): one is string => typeof one === 'string' && one.length <= 200);
}
