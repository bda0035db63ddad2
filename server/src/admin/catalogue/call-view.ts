import { z } from 'zod';
import type { HeaderPairs, TracedCall } from '../../providers/provider.ts';

/** The calls of a live test in the API: what was sent, and what came back. No secret is among them. */

const headersOut = z.array(z.object({ name: z.string(), value: z.string() }));

export const callsOut = z
  .array(
    z.object({
      purpose: z.enum(['token', 'call']).meta({ description: '`token`: the call gets a token or keys.' }),
      method: z.string(),
      url: z.string(),
      request_headers: headersOut.meta({ description: 'As they were sent. Secrets and proofs of them are `[redacted]`.' }),
      status: z.int().nullable().meta({ description: 'Null: there was no answer.' }),
      answer_headers: headersOut.meta({ description: 'Those that help to find a fault: request ids, limits, the date.' }),
      body: z.string().nullable().meta({
        description: 'At most 2,000 characters of the answer, without secrets. Null if it is empty, or holds a token.',
      }),
      body_bytes: z.int(),
      ms: z.int().nullable().meta({ description: 'Null: the call was ended before its answer was complete.' }),
      failure: z.string().nullable(),
    }),
  )
  .meta({ description: 'The calls of the test, in their order.' });

export function renderCalls(calls: readonly TracedCall[]): z.output<typeof callsOut> {
  return calls.map(renderCall);
}

function renderCall({ requestHeaders, answerHeaders, bodyBytes, ...call }: TracedCall) {
  return {
    ...call,
    request_headers: renderHeaders(requestHeaders),
    answer_headers: renderHeaders(answerHeaders),
    body_bytes: bodyBytes,
  };
}

function renderHeaders(pairs: HeaderPairs) {
  return pairs.map(([name, value]) => ({ name, value }));
}
