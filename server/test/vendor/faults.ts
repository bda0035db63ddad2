/** Every fault of a vendor × JSON and SSE × both client dialects × both vendor kinds: what the client is told, what is charged, what is left. */
import type { VendorKind } from '../support/vendor-answers.ts';
import type { Dialect } from './client.ts';
import type { Route } from './site.ts';

/** What a fault comes to. */
export interface Expected {
  readonly status: number;
  /** The code of the refusal or of the failed stream; null: the call succeeds. */
  readonly code: string | null;
  /**
   * Per attempt that served something. `silence`: input and the output to be expected. `delivered`: what was told by then, else the
   * input and a quarter of the text's bytes. `broken`: the input and a quarter of the bytes that came.
   */
  readonly charge: 'nothing' | 'usage' | 'silence' | 'delivered' | 'broken';
  readonly attempts: number;
  /** The connection to the vendor afterwards. */
  readonly connection: 'kept' | 'closed';
  readonly retryAfterMs?: number;
}

export interface FaultCase {
  /** As in the upstream model's name: `hang`, `slow:5`. */
  readonly fault: string;
  readonly kind: VendorKind;
  readonly dialect: Dialect;
  readonly stream: boolean;
  readonly expected: Expected;
  readonly route: Route;
}

const ANSWERED: Expected = { status: 200, code: null, charge: 'usage', attempts: 1, connection: 'kept' };
const FAILED: Expected = { status: 502, code: 'provider_error', charge: 'nothing', attempts: 1, connection: 'kept' };
/** With nobody else to ask, what may pass is asked three times. */
const PASSING: Expected = { ...FAILED, attempts: 3 };
const IN_BAND: Expected = { status: 200, code: 'provider_error', charge: 'delivered', attempts: 1, connection: 'kept' };
const RATE_LIMITED: Expected = { ...FAILED, status: 429, code: 'provider_rate_limited' };
const HANG_MS = 500;

interface Fault {
  readonly json: Expected;
  readonly sse: Expected;
  readonly timeoutMs?: number;
  /** Where the fault exists: the conformance kit plays some only here or there, or not at all. */
  readonly inKit?: (kind: VendorKind, stream: boolean) => boolean;
}

const both = (expected: Expected): Fault => ({ json: expected, sse: expected });
const nowhere = () => false;

/** What each fault of the kit comes to, and of the double's own. */
const FAULTS: Readonly<Record<string, Fault>> = {
  '401': both(FAILED),
  '429': both(RATE_LIMITED),
  // A wait that the vendor names is short enough to be waited for, where nobody else can be asked.
  '429ra': both({ ...RATE_LIMITED, attempts: 3, retryAfterMs: 1_500 }),
  quota: both({ ...FAILED, status: 503, code: 'no_healthy_deployment' }),
  '500': both(PASSING),
  '503': both(PASSING),
  '529': both(PASSING),
  hang: {
    ...both({ ...FAILED, status: 504, code: 'provider_timeout', charge: 'silence', connection: 'closed' }),
    timeoutMs: HANG_MS,
  },
  'slow:5': both(ANSWERED),
  reset: both({ ...PASSING, connection: 'closed' }),
  midreset: { json: ANSWERED, sse: { ...IN_BAND, connection: 'closed' } },
  midhang: { json: ANSWERED, sse: { ...IN_BAND, connection: 'closed' }, timeoutMs: HANG_MS },
  miderror: { json: ANSWERED, sse: IN_BAND },
  // Its usage was told before the end that never came.
  nodone: { json: ANSWERED, sse: { ...IN_BAND, charge: 'usage' } },
  badjson: both({ ...FAILED, charge: 'broken' }),
  html502: both(PASSING),
  empty: both(FAILED),
  'huge:1': { json: ANSWERED, sse: ANSWERED, inKit: (kind, stream) => kind === 'openai' && !stream },
  split: both(ANSWERED),
  'flaky:2': both({ ...ANSWERED, attempts: 3 }),
  'usage:1234:567': both(ANSWERED),
  redirect: { ...both(FAILED), inKit: nowhere },
  cutjson: { ...both({ ...PASSING, charge: 'broken', connection: 'closed' }), inKit: nowhere },
};

export type PlayedBy = 'kit' | 'double';

/** Every case, each with a route and so a key of its own. */
export function faultCases(playedBy: PlayedBy): FaultCase[] {
  const cases: FaultCase[] = [];
  for (const [fault, { json, sse, timeoutMs, inKit }] of Object.entries(FAULTS)) {
    for (const kind of ['openai', 'anthropic'] as const) {
      for (const dialect of ['chat', 'messages'] as const) {
        for (const stream of [false, true]) {
          // A stream that is asked for and answered with one large whole is a fault of its own.
          if (playedBy === 'kit' ? inKit?.(kind, stream) === false : fault.startsWith('huge') && stream) continue;
          const name = `c${cases.length}`;
          const deployment = { kind, upstreamModel: `${name}-fault:${fault}`, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
          cases.push({ fault, kind, dialect, stream, expected: stream ? sse : json, route: { name, deployments: [deployment] } });
        }
      }
    }
  }
  return cases;
}

export function nameOf({ fault, kind, dialect, stream }: FaultCase): string {
  return `${fault} · ${stream ? 'SSE' : 'JSON'} · ${dialect} client · ${kind} vendor`;
}
