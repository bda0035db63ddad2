import type { GatewayRequest } from '../http/request-reply.ts';

/**
 * A request's position in its caller's trace, by W3C Trace Context: https://www.w3.org/TR/trace-context/. Only well-formed values
 * are accepted, so that nothing else can reach a provider or a collector in these headers.
 */
export interface TraceContext {
  /** The trace's id: 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The caller's span: 16 hexadecimal digits, not all zero. */
  readonly spanId: string;
  readonly flags: number;
  /** The caller's `tracestate`, without empty members and padding. Empty if there is none, or if it is malformed or too long. */
  readonly state: string;
}

/** Returns the caller's trace; null if none was sent, or a malformed one, whose state is dropped too, as the standard asks. */
export function traceContextOf(request: Pick<GatewayRequest, 'header'>): TraceContext | null {
  const parent = request.header('traceparent');
  if (parent === undefined) return null;
  const parts = PARENT.exec(parent);
  if (parts === null) return null;
  const [, version, traceId, spanId, flags, rest] = parts as unknown as [string, string, string, string, string, string?];
  // `ff` is no valid version. A later version may have more fields, which are left out; version 00 may not.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16), state: readableState(request.header('tracestate')) };
}

/** Returns the headers for a position in a trace, as flat pairs. Passes on only the flags it knows: `sampled` and `random`. */
export function traceHeaders(traceId: string, spanId: string, flags: number, state: string): string[] {
  const headers = ['traceparent', `00-${traceId}-${spanId}-0${flags & KNOWN_FLAGS}`];
  if (state !== '') headers.push('tracestate', state);
  return headers;
}

/** The flag bit that says that the caller records this trace. */
export const SAMPLED = 1;
const KNOWN_FLAGS = 3;

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.{0,200})?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** The most characters and members that are passed on. The standard asks for at least 512 and 32. */
const STATE_CHARS_MAX = 512;
const MEMBERS_MAX = 32;
const KEY = '(?:[a-z][a-z0-9_\\-*/]{0,255}|[a-z0-9][a-z0-9_\\-*/]{0,240}@[a-z][a-z0-9_\\-*/]{0,13})';
/** A member's value: printable ASCII without comma and equals sign, not ending in a space. */
const VALUE = '[\\x20-\\x2b\\x2d-\\x3c\\x3e-\\x7e]{0,255}[\\x21-\\x2b\\x2d-\\x3c\\x3e-\\x7e]';
const MEMBER = new RegExp(`^${KEY}=${VALUE}$`);

function readableState(state: string | undefined): string {
  if (state === undefined || state.length > STATE_CHARS_MAX) return '';
  const members = state.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  const named = members.filter((member) => member !== '');
  if (named.length === 0 || named.length > MEMBERS_MAX || !named.every((member) => MEMBER.test(member))) return '';
  return named.join(',');
}
