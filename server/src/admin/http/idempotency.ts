import { hash } from 'node:crypto';
import { describeDefect } from '../../lib/defect.ts';
import { open, seal } from '../../lib/secrets.ts';
import type { Database } from '../../store/database.ts';
import * as idempotency from '../../store/installation/idempotency.ts';
import type { Answer } from './answer.ts';
import type { AdminCall } from './call.ts';
import { conflict } from './problem.ts';

const KEPT_MS = 24 * 3_600_000;

/**
 * Answers a POST with `Idempotency-Key`. The first request acts; a repeat by the same caller within 24 hours gets the same
 * answer. The same key with another request is 409. The transaction of the change claims the key (see change.ts), so a failed
 * request claims nothing and a change is made once. Answers are stored sealed, because they may hold a new secret.
 */
export async function answerOnce(call: AdminCall, act: () => Promise<Answer>): Promise<Answer> {
  const claim = claimOf(call);
  if (claim === null) return act();
  const known = await keptAnswer(call, claim);
  if (known !== null) return known;
  const answer = await act();
  await keepAnswer(call, claim, answer);
  return answer;
}

/** A claim of an idempotency key by a caller, for one request. */
interface IdempotencyClaim {
  readonly caller: string;
  readonly key: string;
  readonly requestHash: string;
}

/** Returns the claim of a call, or null if it has no key or is not a POST. */
function claimOf(call: AdminCall): IdempotencyClaim | null {
  const { idempotencyKey: key, method, params, body, route } = call.raw;
  if (key === null || method !== 'POST') return null;
  const requestHash = hash('sha256', JSON.stringify([route, params, call.raw.query, body ?? null]), 'base64url');
  return { caller: call.actor.id, key, requestHash };
}

/** Marks the key as used, inside the transaction of the change. Throws 409 if another request has claimed it. */
export async function claimIdempotency(tx: Database, call: AdminCall): Promise<void> {
  const claim = claimOf(call);
  if (claim === null || CLAIMED.has(call)) return;
  const nowMs = call.deps.clock.nowMs();
  const isClaimed = await idempotency.claim(tx, { ...claim, at: new Date(nowMs), expiredBefore: new Date(nowMs - KEPT_MS) });
  if (!isClaimed) throw conflict('Another request with this Idempotency-Key is still running. Try again in a moment.');
  CLAIMED.add(call);
}

/** Calls that have made their claim. A call that makes two changes claims once. */
const CLAIMED = new WeakSet<AdminCall>();

async function keptAnswer(call: AdminCall, claim: IdempotencyClaim): Promise<Answer | null> {
  const kept = await idempotency.find(call.deps.db, claim);
  if (kept === null || kept.createdAt.getTime() < call.deps.clock.nowMs() - KEPT_MS) return null;
  if (kept.requestHash !== claim.requestHash)
    throw conflict('This Idempotency-Key was used for a different request. Send a new key.');
  if (kept.body === null) {
    throw conflict(
      'The first request with this Idempotency-Key has run or is still running, but its answer was not stored. Check whether its object exists before you send a new key.',
    );
  }
  return JSON.parse(open(call.deps.keys.credentials, Buffer.from(kept.body, 'base64'), aadOf(claim)).toString()) as Answer;
}

/** Stores the answer. A failure is only logged: it must not turn a completed change into an error. */
async function keepAnswer(call: AdminCall, claim: IdempotencyClaim, answer: Answer): Promise<void> {
  const body = seal(call.deps.keys.credentials, JSON.stringify(answer), aadOf(claim)).toString('base64');
  try {
    await idempotency.keep(call.deps.db, { ...claim, status: answer.status, body });
  } catch (error) {
    call.deps.log.warn(
      { request_id: call.requestId, ...describeDefect(error) },
      'the answer to a request with an Idempotency-Key could not be stored',
    );
  }
}

function aadOf(claim: IdempotencyClaim): string {
  return `idempotency:${claim.caller}:${claim.key}`;
}
