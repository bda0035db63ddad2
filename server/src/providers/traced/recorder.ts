import type { Clock } from '../../lib/timing/clock.ts';
import type { UpstreamCall, UpstreamFailure, UpstreamHeaders, UpstreamSink } from '../../upstream/call.ts';
import type { Transport } from '../../upstream/transport.ts';
import type { TransportRequest } from '../../upstream/transport-request.ts';
import type { CallPurpose } from '../provider.ts';

/** A call as it was made. It holds secrets: show it only through `traced-call.ts`. */
export interface RecordedCall {
  readonly purpose: CallPurpose;
  readonly request: TransportRequest;
  readonly startedMs: number;
  endedMs: number | null;
  status: number | null;
  headers: UpstreamHeaders;
  /** The beginning of the answer's body. */
  readonly body: Buffer[];
  bodyBytes: number;
  failure: Pick<UpstreamFailure, 'kind' | 'message'> | null;
}

/** Of an answer, as much is kept as is surely enough for what is shown after secrets are taken out. */
export const KEPT_BYTES_MAX = 64 * 1024;
const CALLS_MAX = 20;

/** Keeps the calls of one test of a credential. */
export class Recorder {
  readonly calls: RecordedCall[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns a transport that keeps every call that it makes through another one. */
  over(transport: Transport, purpose: CallPurpose): Transport {
    return {
      ...transport,
      send: (request, sink) => this.#send(transport, { request, purpose }, sink),
    };
  }

  #send(transport: Transport, { request, purpose }: Pick<RecordedCall, 'request' | 'purpose'>, sink: UpstreamSink): UpstreamCall {
    const call: RecordedCall = {
      ...{ purpose, request, startedMs: this.#clock.monotonicMs(), endedMs: null },
      ...{ status: null, headers: {}, body: [], bodyBytes: 0, failure: null },
    };
    if (this.calls.length < CALLS_MAX) this.calls.push(call);
    const end = () => {
      call.endedMs ??= this.#clock.monotonicMs();
    };
    const made = transport.send(request, {
      head: (status, headers) => {
        Object.assign(call, { status, headers });
        sink.head(status, headers);
      },
      data: (chunk) => {
        if (call.bodyBytes < KEPT_BYTES_MAX) call.body.push(Buffer.from(chunk.subarray(0, KEPT_BYTES_MAX - call.bodyBytes)));
        call.bodyBytes += chunk.length;
        return sink.data(chunk);
      },
      end: () => {
        end();
        sink.end();
      },
      failed: (failure) => {
        end();
        call.failure = failure;
        sink.failed(failure);
      },
    });
    return {
      get sent() {
        return made.sent;
      },
      resume: () => made.resume(),
      abort: () => {
        end();
        made.abort();
      },
    };
  }
}
