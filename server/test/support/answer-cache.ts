import { createHmac } from 'node:crypto';
import type { Clock } from '../../src/lib/timing/clock.ts';
import { type AnswerCache, createAnswerCache } from '../../src/proxy/cache/answer-cache.ts';

/** The exact cache with a name key for each organization, and answers that are not sealed. */
export function openAnswerCache(clock: Pick<Clock, 'monotonicMs'>, bytesMax = 1_048_576): AnswerCache {
  return createAnswerCache({
    clock,
    bytesMax,
    digest: ({ id }, text) => createHmac('sha256', id).update(text).digest('base64url'),
    seal: (_organization, _name, content) => Buffer.from(content),
    open: (_organization, _name, sealed) => Buffer.from(sealed),
  });
}
