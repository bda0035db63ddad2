import { hash } from 'node:crypto';
import { describeDefect } from '../../lib/defect.ts';
import { open, seal } from '../../lib/secrets.ts';
import type { Database } from '../../store/database.ts';
import * as idempotency from '../../store/installation/idempotency.ts';
import type { Answer } from './answer.ts';
import type { AdminCall } from './call.ts';
import { conflict, invalid } from './problem.ts';

const KEY_LENGTH_MAX = 255;
const KEPT_MS = 24 * 3_600_000;

/**
 * POST with `Idempotency-Key`: the first request acts, a repeat within 24 hours by the same caller gets the same answer, and the same key
 * with another request is 409. The key is claimed in the transaction of the change (see change.ts), so whatever fails claims nothing and
 * whatever is done is done once; answers may hold a new secret and are kept sealed.
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

/** Who claims which key for what. */
interface IdempotencyClaim {
  readonly caller: string;
  readonly key: string;
  readonly requestHash: string;
}

/** Null when the call carries no key or is not a POST. */
function claimOf(call: AdminCall): IdempotencyClaim | null {
  const { idempotencyKey: key, method, params, body, route } = call.raw;
  if (key === null || method !== 'POST') return null;
  if (key.length > KEY_LENGTH_MAX) throw invalid('', `Idempotency-Key has at most ${KEY_LENGTH_MAX} characters`);
  const requestHash = hash('sha256', JSON.stringify([route, params, call.raw.query, body ?? null]), 'base64url');
  return { caller: call.actor.id, key, requestHash };
}

/** Marks the key as used, inside the transaction of the change it stands for. Throws 409 when another request has it. */
export async function claimIdempotency(tx: Database, call: AdminCall): Promise<void> {
  const claim = claimOf(call);
  if (claim === null || CLAIMED.has(call)) return;
  const nowMs = call.deps.clock.nowMs();
  const isClaimed = await idempotency.claim(tx, { ...claim, at: new Date(nowMs), expiredBefore: new Date(nowMs - KEPT_MS) });
  if (!isClaimed) throw conflict('Another request with this Idempotency-Key is being answered. Send it again in a moment.');
  CLAIMED.add(call);
}

/** Calls that made their claim: one that is carried out in two changes claims once. */
const CLAIMED = new WeakSet<AdminCall>();

async function keptAnswer(call: AdminCall, claim: IdempotencyClaim): Promise<Answer | null> {
  const kept = await idempotency.find(call.deps.db, claim);
  if (kept === null || kept.createdAt.getTime() < call.deps.clock.nowMs() - KEPT_MS) return null;
  if (kept.requestHash !== claim.requestHash) throw conflict('This Idempotency-Key was used for another request.');
  if (kept.body === null) {
    throw conflict(
      'The first request with this Idempotency-Key was carried out or still is; its answer is not at hand. Look for its object.',
    );
  }
  return JSON.parse(open(call.deps.keys.credentials, Buffer.from(kept.body, 'base64'), aadOf(claim)).toString()) as Answer;
}

/** A failure to keep the answer must not turn a change that was made into an error. */
async function keepAnswer(call: AdminCall, claim: IdempotencyClaim, answer: Answer): Promise<void> {
  const body = seal(call.deps.keys.credentials, JSON.stringify(answer), aadOf(claim)).toString('base64');
  try {
    await idempotency.keep(call.deps.db, { ...claim, status: answer.status, body });
  } catch (error) {
    call.deps.log.warn(
      { request_id: call.requestId, ...describeDefect(error) },
      'an answer could not be kept for its Idempotency-Key',
    );
  }
}

function aadOf(claim: IdempotencyClaim): string {
  return `idempotency:${claim.caller}:${claim.key}`;
}
