import type { AdminCall } from '../http/call.ts';

/** Whether somebody who was let through still may, for answers that take long: event streams and exports. */

/** A caller who was let through, and what they asked for. */
export interface Admitted {
  readonly call: AdminCall;
  readonly object: unknown;
}

export interface Admission {
  readonly first: Admitted;
  /** Finds out anew who they are and whether they may. Throws a Problem when not. */
  again(): Promise<Admitted>;
}

/** A session that ended, or a role that was taken away, ends the answer within this time. A token is looked up each time, as at each call. */
const ASK_AGAIN_MS = { account: 4_000, anonymous: 4_000, admin_token: 0 } as const;

/** Returns a function that finds out anew once the last time is too long ago, and else returns what was found then. */
export function stillAdmitted({ first, again }: Admission): () => Promise<Admitted> {
  let admitted = first;
  let askedAtMs = performance.now();
  return async () => {
    const nowMs = performance.now();
    if (nowMs - askedAtMs < ASK_AGAIN_MS[admitted.call.actor.kind]) return admitted;
    admitted = await again();
    askedAtMs = nowMs;
    return admitted;
  };
}
