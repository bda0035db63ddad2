import { type Dialect, given, type Heard, heardError, type Json } from './dialect.ts';

export const anthropicMessages: Dialect = {
  id: 'messages',
  name: 'Anthropic Messages',
  path: () => '/v1/messages',
  body: ({ model, system, messages, stream, maxTokens, temperature }) =>
    given({
      model,
      system: system === '' ? null : system,
      messages: messages.map(({ from, text }) => ({ role: from === 'user' ? 'user' : 'assistant', content: text })),
      max_tokens: maxTokens,
      temperature,
      stream: stream ? true : null,
    }),
  secretHeader: (secret) => ['x-api-key', secret],
  read,
};

function read(said: Json): Heard {
  switch (said.type) {
    case 'content_block_delta':
      return { text: said.delta.text ?? '' };
    case 'message_delta':
      return { isCut: said.delta.stop_reason === 'max_tokens' };
    case 'message':
      return {
        text: said.content.map((block: Json) => (block.type === 'text' ? block.text : '')).join(''),
        isCut: said.stop_reason === 'max_tokens',
      };
    case 'error':
      return heardError(said.error, said.error?.type);
    default:
      return {};
  }
}
