/**
 * Copies of requests for mirrors. The original is never delayed: its copy is considered after the original was begun, in a later turn of
 * the event loop, and nothing of the copy reaches it. Copies are bounded, and are left out where they could cost originals something.
 */
import { isForm, passesWhole } from '../../dialects/exchange.ts';
import { isMirrored, type SkipReason } from '../../domain/routing/mirror.ts';
import type { MirrorPlace } from '../../domain/routing/mirror-place.ts';
import type { Gateway } from '../gateway.ts';
import { tellDefect } from '../refuse.ts';
import { sessionOf } from '../session.ts';
import type { Admission } from '../walk.ts';
import { copyCandidate } from './copy-candidate.ts';
import type { CopyRecord } from './copy-state.ts';
import { sendCopy } from './send-copy.ts';

/** The most copies in flight at once in a process. */
export const COPIES_MAX = 64;
/** The largest body of a request that is copied. */
export const COPIED_BYTES_MAX = 256 * 1024;
/** A process that needs longer than this to come to a copy has enough to do without it. */
const BUSY_AFTER_MS = 50;

/** Copies a request if it is in the share of its mirror. Returns at once, and never throws. */
export function considerCopy(admission: Admission, place: MirrorPlace, gateway: Gateway): void {
  const { walk, asked, charged } = admission;
  const { mirrors, clock } = gateway;
  const session = sessionOf(walk.request, asked.body);
  const { organizationId, calledName } = charged;
  if (mirrors.isStopped || !isMirrored(place, { organizationId, calledName, session, requestId: walk.id })) return;
  const refused = mirrors.waiting >= COPIES_MAX ? 'busy' : uncopied(admission, place);
  if (refused === 'free') return;
  if (refused !== null) {
    mirrors.write(skipped(admission, refused, gateway));
    return;
  }
  const dueMs = clock.monotonicMs();
  mirrors.waiting += 1;
  setImmediate(() => {
    mirrors.waiting -= 1;
    if (mirrors.isStopped) return;
    copy(admission, place, dueMs, gateway).catch((defect: unknown) => tellDefect(defect, walk.id, gateway));
  });
}

async function copy(admission: Admission, place: MirrorPlace, dueMs: number, gateway: Gateway): Promise<void> {
  const { mirrors, clock, journal } = gateway;
  const isBusy = mirrors.cuts.size >= COPIES_MAX || clock.monotonicMs() - dueMs > BUSY_AFTER_MS || !journal.room();
  const candidate = isBusy ? 'busy' : copyCandidate(place, admission, gateway);
  if (typeof candidate === 'string') mirrors.write(skipped(admission, candidate, gateway));
  else mirrors.write({ ...identityOf(admission, gateway), ...(await sendCopy(candidate, admission, gateway)) });
}

function identityOf({ charged, walk }: Admission, { clock }: Gateway) {
  const { organizationId, calledName } = charged;
  return { organizationId, requestId: walk.id, calledName, atMs: clock.nowMs() };
}

function skipped(admission: Admission, reason: SkipReason, gateway: Gateway): CopyRecord {
  return { ...identityOf(admission, gateway), outcome: 'skipped', reason, sent: null };
}

/** Returns why a request is not copied, whatever the mirror's state; null if it may be. `free`: it is no work of a model. */
function uncopied({ walk, asked }: Admission, { members }: MirrorPlace): SkipReason | 'free' | null {
  const { wire, free } = walk.endpoint;
  // Counts cost nothing. Files, pictures and sound are not copied.
  if (free || isForm(wire) || passesWhole(wire)) return 'free';
  if (asked.stored !== null) return 'stored';
  if (asked.large !== null || walk.request.body.length > COPIED_BYTES_MAX) return 'too_large';
  return members.length === 0 ? 'tags' : null;
}
