import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readReturnPath } from '../../domain/identity/return-path.ts';
import type { FlowPurpose } from '../../domain/identity/words.ts';
import { type Cookies, cookieOf } from '../../identity/exchange.ts';
import { isLoopback } from '../../identity/loopback.ts';
import { open, seal, UnsealFailure } from '../../lib/secrets.ts';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import type { FlowRow } from '../../store/identity/sign-in-flows.ts';
import * as flows from '../../store/identity/sign-in-flows.ts';
import type { AdminCall } from '../http/call.ts';
import type { AdminDeps } from '../http/deps.ts';
import { invalid } from '../http/problem.ts';
import { protocolOf, providerToAsk, requirePublicUrl } from './provider-to-ask.ts';

/**
 * One way through an identity provider. Its `state` goes to the provider and comes back; its cookie stays in the browser that began.
 * Only the hashes of both are kept, so nobody who reads the database can end a flow. A flow is used once and lasts ten minutes.
 * A test signs nobody in, so it may begin elsewhere, on a command line for example: its `openUrl` brings the cookie to a browser.
 */

const FLOW_MS = 600_000;
const SECRET_BYTES = 32;
const SECRET_FORM = /^[A-Za-z0-9_-]{43}$/;
const LOCATION_LENGTH_MAX = 16_384;
const COOKIE_PATH = '/api/v1/sso';

export interface WantedFlow {
  readonly purpose: FlowPurpose;
  /** The account that links or tests; null for a sign-in. */
  readonly accountId: string | null;
  readonly returnTo: string;
  readonly loginHint: string | null;
  /** True if the provider must ask the person again. */
  readonly isFresh: boolean;
  /** The address that the account has at the provider, in lower case. Only of a link. */
  readonly linkAddress?: string;
}

export interface StartedFlow {
  /** The address of the provider to open. */
  readonly location: string;
  readonly cookies: Cookies;
  /** An address of ours that gives a browser the cookie and opens the provider. Only of a test. */
  readonly openUrl: string;
  /** Names the flow, for a page that waits for its result. No secret. */
  readonly id: string;
  readonly expiresAt: Date;
}

/** Returns the page of ours to open after a flow. Throws 400 at `pointer` if a text is none. */
export function requireReturnPath(text: string, pointer: string): string {
  const path = readReturnPath(text);
  if (path === null) throw invalid(pointer, 'must be a path of this console: it begins with one `/` and names no host');
  return path;
}

/** Begins a flow. Throws 409 without a public URL. Rejects with ProviderUnreachable. */
export async function startFlow(
  { deps }: AdminCall<unknown, unknown, unknown>,
  row: ProviderRow,
  { purpose, accountId, returnTo, loginHint, isFresh, linkAddress }: WantedFlow,
): Promise<StartedFlow> {
  const publicUrl = requirePublicUrl(deps);
  const now = new Date(deps.clock.nowMs());
  const [state, cookie] = [newSecret(), newSecret()];
  const stateHash = hashOf(state);
  const provider = providerToAsk(deps, row, purpose === 'test' ? 'next' : 'present');
  const started = await protocolOf(deps, row).start(provider, { state, purpose, loginHint, isFresh });
  requireProviderAddress(started.location);
  const keep = {
    ...started.keep,
    ...(purpose === 'test' ? { [TEST_LOCATION]: started.location } : {}),
    ...(linkAddress === undefined ? {} : { [LINK_ADDRESS]: linkAddress }),
  };
  const expiresAt = new Date(now.getTime() + FLOW_MS);
  await flows.insert(deps.db, {
    stateHash,
    ...{ organizationId: row.organizationId, providerId: row.id, purpose, returnTo, accountId, asksAgain: isFresh },
    cookieHash: hashOf(cookie),
    sealed: seal(deps.keys.credentials, JSON.stringify(keep), placeOf(stateHash)),
    expiresAt,
    createdAt: now,
  });
  const cookies = [setCookie(deps, stateHash, cookie, FLOW_MS / 1_000)];
  const id = stateHash.toString('base64url');
  const openUrl = `${publicUrl}${COOKIE_PATH}/${row.id}/test?${new URLSearchParams({ id, key: cookie })}`;
  return { location: started.location, cookies, openUrl, id, expiresAt };
}

/** The name under which a flow keeps the address at which a test begins, beside the facts of the protocol. */
const TEST_LOCATION = 'test_location';

/** The name under which a flow keeps the address that the account has at the provider, as it named it. */
const LINK_ADDRESS = 'link_address';

/** Returns the address at the provider that an account named when it began to link itself; null if it named none. */
export function linkAddressOf(deps: Pick<AdminDeps, 'keys'>, flow: FlowRow): string | null {
  return keptWith(deps, flow)?.[LINK_ADDRESS] ?? null;
}

/** Lets a browser go on with a test that began elsewhere. Returns null if this is no test, was used, or `key` is not its cookie. */
export function openTest(deps: AdminDeps, flow: FlowRow, key: string): Pick<StartedFlow, 'location' | 'cookies'> | null {
  const isOurs = SECRET_FORM.test(key) && timingSafeEqual(hashOf(key), flow.cookieHash);
  if (flow.purpose !== 'test' || flow.usedAt !== null || !isOurs) return null;
  const location = keptWith(deps, flow)?.[TEST_LOCATION];
  if (location === undefined) return null;
  const seconds = Math.ceil((flow.expiresAt.getTime() - deps.clock.nowMs()) / 1_000);
  return { location, cookies: [setCookie(deps, flow.stateHash, key, seconds)] };
}

/** A flow that a browser came back with. `lost`: never begun, or of another provider. */
export type FoundFlow =
  | { readonly is: 'found'; readonly flow: FlowRow }
  | { readonly is: 'expired'; readonly flow: FlowRow }
  | { readonly is: 'lost' };

/** Finds the flow of a state that came back to the address of a provider. */
export async function flowOfState(deps: AdminDeps, providerId: string, state: string | null): Promise<FoundFlow> {
  if (state === null || !SECRET_FORM.test(state)) return { is: 'lost' };
  return judgeFlow(deps, providerId, await flows.find(deps.db, hashOf(state)));
}

/** Finds a flow by the id of `startFlow`. */
export async function flowOfId(deps: AdminDeps, providerId: string, id: string): Promise<FoundFlow> {
  if (!SECRET_FORM.test(id)) return { is: 'lost' };
  return judgeFlow(deps, providerId, await flows.find(deps.db, Buffer.from(id, 'base64url')));
}

function judgeFlow({ clock }: AdminDeps, providerId: string, flow: FlowRow | null): FoundFlow {
  if (flow === null || flow.providerId !== providerId) return { is: 'lost' };
  return { is: flow.expiresAt.getTime() <= clock.nowMs() ? 'expired' : 'found', flow };
}

/** Reports whether this browser began the flow. */
export function isOwnBrowser({ raw }: AdminCall<unknown, unknown, unknown>, { stateHash, cookieHash }: FlowRow): boolean {
  const value = cookieOf(raw.visitor, nameOfCookie(stateHash));
  return value !== null && SECRET_FORM.test(value) && timingSafeEqual(hashOf(value), cookieHash);
}

/** Returns what the protocol kept with a flow, or null if it cannot be opened. */
export function keptWith({ keys }: Pick<AdminDeps, 'keys'>, flow: FlowRow): Readonly<Record<string, string>> | null {
  return openJson(keys.credentials, flow.sealed, placeOf(flow.stateHash)) as Readonly<Record<string, string>> | null;
}

/** Seals the outcome of a flow, for the browser that fetches it. */
export function sealResult(
  { keys }: Pick<AdminDeps, 'keys'>,
  { stateHash }: FlowRow,
  { of, result }: { readonly of: ResultOf; readonly result: object },
): Buffer {
  return seal(keys.credentials, JSON.stringify(result), resultPlaceOf(of, stateHash));
}

/** The outcome that a flow keeps: the judged answer of a provider, for the browser that began; or that of a test. */
type ResultOf = 'answer' | 'test';

/** Opens the outcome of a flow. Returns null if it cannot be opened, or is of the other kind. */
export function openResult(
  { keys }: Pick<AdminDeps, 'keys'>,
  { stateHash }: FlowRow,
  { of, sealed }: { readonly of: ResultOf; readonly sealed: Buffer },
): unknown {
  return openJson(keys.credentials, sealed, resultPlaceOf(of, stateHash));
}

/** Returns the `Set-Cookie` value that removes the cookie of a flow. */
export function endCookie(deps: Pick<AdminDeps, 'publicUrl'>, { stateHash }: FlowRow): string {
  return setCookie(deps, stateHash, '', 0);
}

/** The cookie has the rules of the session's. Each flow has its own name, so that two tabs do not end each other's. */
function setCookie({ publicUrl }: Pick<AdminDeps, 'publicUrl'>, stateHash: Buffer, value: string, seconds: number): string {
  const secure = publicUrl?.startsWith('https://') === true ? '; Secure' : '';
  return `${nameOfCookie(stateHash)}=${value}; Max-Age=${seconds}; Path=${COOKIE_PATH}; HttpOnly; SameSite=Lax${secure}`;
}

function nameOfCookie(stateHash: Buffer): string {
  return `headgate_sso_${stateHash.toString('hex', 0, 8)}`;
}

/** Throws if an address to which a protocol sends browsers is neither https nor on loopback. */
function requireProviderAddress(location: string): void {
  const url = location.length <= LOCATION_LENGTH_MAX && URL.canParse(location) ? new URL(location) : null;
  const isOnLoopback = url?.protocol === 'http:' && isLoopback(url.hostname);
  if (url?.protocol !== 'https:' && !isOnLoopback)
    throw new Error('a protocol sent a browser to an address that is neither https nor on loopback');
}

function openJson(key: Buffer, sealed: Buffer, place: string): unknown {
  try {
    return JSON.parse(open(key, sealed, place).toString());
  } catch (error) {
    if (error instanceof UnsealFailure) return null;
    throw error;
  }
}

function placeOf(stateHash: Buffer): string {
  return `sign-in flow ${stateHash.toString('hex')}`;
}

function resultPlaceOf(of: ResultOf, stateHash: Buffer): string {
  return `${of} of ${placeOf(stateHash)}`;
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
