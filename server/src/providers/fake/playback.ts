import { type UpstreamCall, UpstreamFailure, type UpstreamHeaders, type UpstreamSink } from '../../upstream/call.ts';

/** Runs something after a delay; returns a function that cancels it. Uses the real timers, or a simulation's. */
export type Schedule = (delayMs: number, run: () => void) => () => void;

/** The behaviour of a fake upstream for one request. */
export interface Script {
  /** The delay before the head, in milliseconds. */
  readonly delayMs: number;
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly chunks: readonly Buffer[];
  /** The end after the chunks. `hang` sends nothing more; without chunks it does not even send the head. */
  readonly ending: 'end' | 'reset' | 'hang';
}

const CHUNKS_PER_TURN = 8;

/** Plays a script to a sink as a socket would: never before `play` has returned, in several turns, with pauses on request. */
export function play(
  script: Script,
  sink: UpstreamSink,
  options: { readonly timeoutMs: number; readonly schedule: Schedule },
): UpstreamCall {
  return new Playback(script, sink, options.timeoutMs, options.schedule);
}

/** Plays a script once the request's body was read. If it cannot be read to its end, the call fails as one that was not sent. */
export function playOnceRead(
  script: Promise<Script>,
  sink: UpstreamSink,
  options: { readonly timeoutMs: number; readonly schedule: Schedule },
): UpstreamCall {
  let playing: UpstreamCall | null = null;
  let isAborted = false;
  script.then(
    (read) => {
      if (!isAborted) playing = play(read, sink, options);
    },
    () => {
      if (!isAborted) sink.failed(new UpstreamFailure('reset', { sent: false, message: 'the body could not be read' }));
    },
  );
  return {
    get sent() {
      return playing !== null;
    },
    abort: () => {
      isAborted = true;
      playing?.abort();
    },
    resume: () => playing?.resume(),
  };
}

class Playback implements UpstreamCall {
  readonly sent = true; // The call is inside this process, so it cannot be half sent.
  private readonly script: Script;
  private readonly sink: UpstreamSink;
  private readonly timeoutMs: number;
  private readonly schedule: Schedule;
  private next = 0;
  private paused = false;
  private done = false;
  private callOff: () => void;

  constructor(script: Script, sink: UpstreamSink, timeoutMs: number, schedule: Schedule) {
    this.script = script;
    this.sink = sink;
    this.timeoutMs = timeoutMs;
    this.schedule = schedule;
    const silent = script.ending === 'hang' && script.chunks.length === 0;
    if (silent || script.delayMs >= timeoutMs) this.callOff = schedule(timeoutMs, () => this.timeOut());
    else this.callOff = schedule(script.delayMs, () => this.begin());
  }

  abort(): void {
    this.done = true;
    this.callOff();
  }

  resume(): void {
    if (!this.paused || this.done) return;
    this.paused = false;
    this.callOff = this.schedule(0, () => this.turn());
  }

  private begin(): void {
    this.sink.head(this.script.status, this.script.headers);
    this.turn();
  }

  private turn(): void {
    for (let i = 0; i < CHUNKS_PER_TURN && this.next < this.script.chunks.length; i++) {
      if (this.done) return;
      if (!this.sink.data(this.script.chunks[this.next++] as Buffer)) {
        this.paused = true;
        return;
      }
    }
    if (this.done) return;
    if (this.next < this.script.chunks.length) this.callOff = this.schedule(0, () => this.turn());
    else this.finish();
  }

  private finish(): void {
    if (this.script.ending === 'hang') {
      this.callOff = this.schedule(this.timeoutMs, () => this.timeOut());
      return;
    }
    this.done = true;
    if (this.script.ending === 'end') this.sink.end();
    else
      this.sink.failed(
        new UpstreamFailure('reset', {
          sent: true,
          message: 'the provider closed the connection before its answer was complete',
        }),
      );
  }

  private timeOut(): void {
    this.done = true;
    this.sink.failed(
      new UpstreamFailure('timeout', { sent: true, message: `the provider sent nothing for ${this.timeoutMs} ms` }),
    );
  }
}
