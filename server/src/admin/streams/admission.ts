import type { AdminCall } from '../http/call.ts';

/** Checks again and again whether a caller may still have an answer that takes long: an event stream or an export. */

/** A call that passed the permission check, and the object that it loaded. */
export interface Admitted {
  readonly call: AdminCall;
  readonly object: unknown;
}

export interface Admission {
  readonly first: Admitted;
  /** Authenticates the caller and checks the permission again. Throws a Problem if either fails. */
  again(): Promise<Admitted>;
}

/**
 * The age in milliseconds after which a check is repeated. So a session that ended or a role that was removed ends the answer
 * within that time. A token is looked up each time, as at each call.
 */
const ASK_AGAIN_MS = { account: 4_000, anonymous: 4_000, admin_token: 0, scim_token: 0 } as const;

/** Returns a function that repeats the check if the last one is too old, and otherwise returns the last result. */
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
