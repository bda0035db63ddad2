import { z } from 'zod';
import type { AdminCall } from '../http/call.ts';
import { route } from '../http/route.ts';
import type { Feed } from '../streams/sse.ts';
import { KEY, type LimitedObject, type LimitedScope, limitsOf, ORGANIZATION, TEAM } from './limited-scopes.ts';
import { type LimitsStatus, limitsStatus, type ScopeOfLimits } from './limits-status.ts';

/** Streams of the live use of limits and budgets. Each sends an event when the use changes. */

const EVERY_MS = 1_000;
/** The interval while the ledger answers in place of the counters, in milliseconds. */
const EVERY_MS_STORED = 5_000;

const description =
  'Sends server-sent events: `status` with the body of `…/limits/status`, at once and then at most once a second when the use changes; `end` with the reason before the server closes the stream.';

export const ofOrganization = streamOf(ORGANIZATION);
export const ofTeam = streamOf(TEAM);
export const ofKey = streamOf(KEY);

function streamOf<P extends z.ZodType>({ name, params, load }: LimitedScope<P>) {
  return route({
    summary: `Stream live use of ${name}’s limits and budgets`,
    description,
    permission: 'usage.read',
    params,
    response: z.custom<Feed>(),
    form: 'events',
    load,
    handle: async () => newFeed(),
  });
}

/** Reads the limits again whenever the object is loaded again. Between that, it reads only the counters. */
function newFeed(): Feed {
  let read: { readonly object: unknown; readonly limits: ScopeOfLimits } | null = null;
  let told = '';
  let storedAtMs = Number.NEGATIVE_INFINITY;
  return {
    everyMs: EVERY_MS,
    next: async (call: AdminCall, object: unknown) => {
      const nowMs = call.deps.clock.monotonicMs();
      if (nowMs - storedAtMs < EVERY_MS_STORED) return [];
      // Sound: the object is what this route's own loader returned.
      if (read === null || read.object !== object) read = { object, limits: await limitsOf(call, object as LimitedObject) };
      const [status] = await limitsStatus(call.deps, [read.limits]);
      if (status?.live === false) storedAtMs = nowMs;
      const use = useOf(status as LimitsStatus);
      if (use === told) return [];
      told = use;
      return [{ event: 'status', data: status }];
    },
  };
}

/** Renders the use without its times, because those of a trailing window change with every read. */
function useOf({ live, rate_limits, budgets }: LimitsStatus): string {
  return JSON.stringify([live, ...rate_limits, ...budgets], (name, value) =>
    name === 'resets_at' || name === 'period_start' ? undefined : value,
  );
}
