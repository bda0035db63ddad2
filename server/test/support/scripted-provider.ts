import type { JsonObject } from '../../src/dialects/dialect.ts';
import type { ProviderName } from '../../src/domain/routing/catalogue.ts';
import type { Provider, ProviderRequest } from '../../src/providers/provider.ts';
import { readOpenAiError } from '../../src/providers/read-error.ts';

/** A vendor without a network that speaks every wire and answers whole, with what it is told to. */
export function scriptedProvider(
  name: ProviderName,
  answer: (body: JsonObject, request: ProviderRequest) => JsonObject,
): Provider {
  return {
    name,
    wireFor: (client) => client,
    readError: readOpenAiError,
    open: (request, sink) => {
      let isOver = false;
      setImmediate(() => {
        if (isOver) return;
        const said = answer(JSON.parse(request.body.toString()) as JsonObject, request);
        sink.head(200, { 'content-type': 'application/json' });
        sink.data(Buffer.from(JSON.stringify(said)));
        sink.end();
      });
      return { abort: () => (isOver = true), resume: () => {}, sent: true };
    },
  };
}

/** A message of Anthropic's that says so much of its usage. */
export function messageSaying(usage: JsonObject): JsonObject {
  const content = [{ type: 'text', text: 'So it is.' }];
  return { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content, stop_reason: 'end_turn', usage };
}

/** A chat completion that says so much of its usage and of itself. */
export function completionSaying(usage: JsonObject, more: JsonObject = {}): JsonObject {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'So it is.' }, finish_reason: 'stop' }];
  return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'up', choices, usage, ...more };
}
