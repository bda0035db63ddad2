import type { Reply } from '../../http/request-reply.ts';
import type { Gateway } from '../gateway.ts';

/**
 * Sends the content of a file piece by piece, as fast as the client reads it. Breaks off if a piece cannot be read, or if the client
 * reads nothing for `stallMsMax`. Resolves when nothing more is sent. Rejects only before the head was sent.
 */
export async function sendFile(
  pieces: AsyncIterable<Buffer>,
  head: { readonly bytes: number; readonly headers: readonly string[] },
  reply: Reply,
  gateway: Pick<Gateway, 'after' | 'settings' | 'defect'>,
  requestId: string,
): Promise<void> {
  const reading = pieces[Symbol.asyncIterator]();
  // A file that cannot be read is still answered with an error.
  let next = await reading.next();
  reply.head(200, [...head.headers, 'content-type', 'application/octet-stream', 'content-length', String(head.bytes)]);
  try {
    for (; next.done !== true && !reply.gone; next = await reading.next()) {
      if (!reply.chunk(next.value) && !(await drained(reply, gateway))) return reply.destroy();
    }
    reply.end(null);
  } catch (error) {
    gateway.defect(error, requestId);
    reply.destroy();
  } finally {
    await reading.return?.();
  }
}

/** Waits until the client read what was sent. Resolves to false if it does not in time, or hung up. */
function drained(reply: Reply, { after, settings }: Pick<Gateway, 'after' | 'settings'>): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = after(settings.stallMsMax, () => resolve(false));
    const done = (isDrained: boolean) => {
      cancel();
      resolve(isDrained);
    };
    reply.onDrained(() => done(true));
    reply.onGone(() => done(false));
  });
}
