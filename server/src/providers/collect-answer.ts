import type { UpstreamCall, UpstreamFailure, UpstreamHeaders, UpstreamSink } from '../upstream/call.ts';

/** A whole answer of a provider, or the reason why there is none. */
export type Collected =
  | { readonly is: 'answer'; readonly status: number; readonly headers: UpstreamHeaders; readonly body: Buffer }
  | { readonly is: 'failure'; readonly failure: Pick<UpstreamFailure, 'message'> };

interface Bounds {
  readonly bytesMax: number;
  /** `enough`: what arrived of a longer answer is the answer. */
  readonly tooLongIs?: 'failure' | 'enough';
  /** The time for the whole answer. Absent: that of the call. */
  readonly ms?: number;
}

/** Makes a call and collects its answer. A longer or slower answer than allowed ends the call and is a failure. Never rejects. */
export function collectAnswer(
  open: (sink: UpstreamSink) => UpstreamCall,
  { bytesMax, ms, tooLongIs = 'failure' }: Bounds,
): Promise<Collected> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    let headers: UpstreamHeaders = {};
    let timer: NodeJS.Timeout | undefined;
    const done = (collected: Collected) => {
      clearTimeout(timer);
      resolve(collected);
    };
    const giveUp = (message: string) => {
      call.abort();
      done({ is: 'failure', failure: { message } });
    };
    const call = open({
      head: (answered, answeredHeaders) => {
        status = answered;
        headers = answeredHeaders;
      },
      data: (chunk) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > bytesMax && tooLongIs === 'enough') {
          call.abort();
          done({ is: 'answer', status, headers, body: Buffer.concat(chunks) });
        } else if (bytes > bytesMax) giveUp(`the provider’s answer is longer than ${bytesMax} bytes`);
        return true;
      },
      end: () => done({ is: 'answer', status, headers, body: Buffer.concat(chunks) }),
      failed: (failure) => done({ is: 'failure', failure }),
    });
    if (ms !== undefined) timer = setTimeout(() => giveUp('the provider did not send its whole answer in time'), ms);
  });
}
