import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { AdminCall } from '../http/call.ts';
import { Problem } from '../http/problem.ts';
import { type Admission, stillAdmitted } from './admission.ts';
import type { Listeners } from './listeners.ts';

/** Server-sent events for pages that stay open, sent for as long as the caller has the permission. */

export interface LiveEvent {
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

/** A source of events that is polled. */
export interface Feed {
  /** The time between two polls, in milliseconds. */
  readonly everyMs: number;
  /** Returns the events since the last poll. The call and its object are those of the last permission check. */
  next(call: AdminCall, object: unknown): Promise<readonly LiveEvent[]>;
  /** Releases the resources of the feed. Called once. */
  close?(): void;
}

const HEARTBEAT_MS = 15_000;
/** The unread bytes at which polling pauses, and the time in milliseconds for which a reader may leave any unread. */
const UNREAD_BYTES_MAX = 256 * 1024;
const UNREAD_MS_MAX = 60_000;
/** The time in milliseconds that a browser waits before it reconnects. */
const RETRY_MS = 2_000;

/** Opens a stream of a feed's events. Throws 429 if there are too many streams, and 503 while the process stops. */
export function openFeed(feed: Feed, admission: Admission, listeners: Listeners): Readable {
  try {
    return openCounted(feed, admission, listeners);
  } catch (error) {
    feed.close?.();
    throw error;
  }
}

function openCounted(feed: Feed, admission: Admission, listeners: Listeners): Readable {
  return listeners.add(admission.first.call.actor.id, () => {
    const stopped = new AbortController();
    const stream = new Readable({
      read() {},
      destroy(error, done) {
        stopped.abort();
        done(error);
      },
    });
    stream.push(`retry: ${RETRY_MS}\n\n`);
    const end = () => {
      if (stopped.signal.aborted) return;
      stopped.abort();
      stream.push(null);
    };
    const say = (text: string) => void (stopped.signal.aborted || text === '' || stream.push(text));
    void follow(feed, admission, { stream, say }, stopped.signal).finally(() => {
      end();
      feed.close?.();
    });
    return { stream, end };
  });
}

/** The stream with its unread bytes, and the function that writes to it. */
interface Line {
  readonly stream: Readable;
  say(text: string): void;
}

/** Polls the feed and writes its events until the stream ends. Never rejects: a failure ends the stream with a reason. */
async function follow(feed: Feed, admission: Admission, { stream, say }: Line, stopped: AbortSignal): Promise<void> {
  const admitted = stillAdmitted(admission);
  let saidAtMs = performance.now();
  let readAtMs = saidAtMs;
  try {
    while (!stopped.aborted) {
      const nowMs = performance.now();
      const { call, object } = await admitted();
      if (stream.readableLength === 0) readAtMs = nowMs;
      if (nowMs - readAtMs > UNREAD_MS_MAX) stream.destroy();
      else if (stream.readableLength < UNREAD_BYTES_MAX) {
        const news = (await feed.next(call, object)).map(render).join('');
        const isSilent = news === '' && nowMs - saidAtMs >= HEARTBEAT_MS;
        if (news !== '' || isSilent) saidAtMs = nowMs;
        say(isSilent ? ': still here\n\n' : news);
      }
      await pause(feed.everyMs, undefined, { signal: stopped }).catch(() => {});
    }
  } catch (error) {
    say(render(endingOf(error)));
  }
}

function render({ event, data }: LiveEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Returns the last event. Its status tells a page whether to reconnect: an outage passes, a lost permission does not. */
function endingOf(error: unknown): LiveEvent {
  const data =
    error instanceof Problem
      ? { status: error.status, detail: error.message }
      : { status: 503, detail: 'The stream ended because of an error in the gateway. Connect again.' };
  return { event: 'end', data };
}
