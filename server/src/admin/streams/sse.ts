import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { AdminCall } from '../http/call.ts';
import { Problem } from '../http/problem.ts';
import { type Admission, stillAdmitted } from './admission.ts';
import type { Listeners } from './listeners.ts';

/** Server-sent events: what a page that stays open is told, for as long as whoever opened it may know. */

export interface LiveEvent {
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

/** What there is to tell, asked again and again. */
export interface Feed {
  /** Between two questions, in milliseconds. */
  readonly everyMs: number;
  /** What is new since the last question. The call and its object are those of the last time the caller was asked who they are. */
  next(call: AdminCall, object: unknown): Promise<readonly LiveEvent[]>;
  /** Gives back what the feed took. Called once. */
  close?(): void;
}

const HEARTBEAT_MS = 15_000;
/** Unread bytes at which nothing more is asked; and how long a reader may leave any. */
const UNREAD_BYTES_MAX = 256 * 1024;
const UNREAD_MS_MAX = 60_000;
/** How long a browser waits before it comes back. */
const RETRY_MS = 2_000;

/** Opens a stream of a feed's events. Throws 429 when there are too many. */
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

/** What is said over, and what of it is not read yet. */
interface Line {
  readonly stream: Readable;
  say(text: string): void;
}

/** Never rejects: whatever fails ends the stream, and a browser comes back by itself to hear why. */
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

/** The last event, so that a page can tell that it should not come back from an outage that it should wait for. */
function endingOf(error: unknown): LiveEvent {
  const data = error instanceof Problem ? { status: error.status, detail: error.message } : { status: 503, detail: 'Try again.' };
  return { event: 'end', data };
}
