import type { GatewayRequest } from '../http/request-reply.ts';

/**
 * Where a request stands in its caller's trace: W3C Trace Context, https://www.w3.org/TR/trace-context/. Only what is well-formed is taken
 * over, so that nothing else can travel to a provider or a collector under these names.
 */
export interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The caller's span: 16 hexadecimal digits, not all zero. */
  readonly spanId: string;
  readonly flags: number;
  /** The caller's `tracestate` as it came; empty when there is none, or none that can be read. */
  readonly state: string;
}

/** The caller's trace; null when they send none, or one that is malformed and is dropped with its state, as the standard asks. */
export function traceContextOf(request: Pick<GatewayRequest, 'header'>): TraceContext | null {
  const parent = request.header('traceparent');
  if (parent === undefined) return null;
  const parts = PARENT.exec(parent);
  if (parts === null) return null;
  const [, version, traceId, spanId, flags, rest] = parts as unknown as [string, string, string, string, string, string?];
  // `ff` is no version. A later one may say more behind what we know of it, which is left out; ours may not.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16), state: readableState(request.header('tracestate')) };
}

/** The headers that say a place in a trace, as flat pairs. Of the flags only `sampled` and `random` are known, so only these are passed on. */
export function traceHeaders(traceId: string, spanId: string, flags: number, state: string): string[] {
  const headers = ['traceparent', `00-${traceId}-${spanId}-0${flags & KNOWN_FLAGS}`];
  if (state !== '') headers.push('tracestate', state);
  return headers;
}

/** Whether the caller records this trace. */
export const SAMPLED = 1;
const KNOWN_FLAGS = 3;

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.{0,200})?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** The standard asks for 512 characters and 32 members at least to be passed on; ours is also the most. */
const STATE_CHARS_MAX = 512;
const MEMBERS_MAX = 32;
const KEY = '(?:[a-z][a-z0-9_\\-*/]{0,255}|[a-z0-9][a-z0-9_\\-*/]{0,240}@[a-z][a-z0-9_\\-*/]{0,13})';
/** Printable ASCII without comma and equals sign, not ending in a space. */
const VALUE = '[\\x20-\\x2b\\x2d-\\x3c\\x3e-\\x7e]{0,255}[\\x21-\\x2b\\x2d-\\x3c\\x3e-\\x7e]';
const MEMBER = new RegExp(`^${KEY}=${VALUE}$`);

function readableState(state: string | undefined): string {
  if (state === undefined || state.length > STATE_CHARS_MAX) return '';
  const members = state.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  const named = members.filter((member) => member !== '');
  if (named.length === 0 || named.length > MEMBERS_MAX || !named.every((member) => MEMBER.test(member))) return '';
  return named.join(',');
}
