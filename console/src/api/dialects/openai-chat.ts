import { bearer, type Dialect, given, type Heard, heardError, type Json } from './dialect.ts';

export const openAiChat: Dialect = {
  id: 'chat',
  name: 'OpenAI Chat Completions',
  path: () => '/v1/chat/completions',
  body: ({ model, system, messages, stream, maxTokens, temperature }) =>
    given({
      model,
      messages: [
        ...(system === '' ? [] : [{ role: 'system', content: system }]),
        ...messages.map(({ from, text }) => ({ role: from === 'user' ? 'user' : 'assistant', content: text })),
      ],
      max_tokens: maxTokens,
      temperature,
      stream: stream ? true : null,
      stream_options: stream ? { include_usage: true } : null,
    }),
  secretHeader: bearer,
  read,
};

function read({ error, choices }: Json): Heard {
  if (error !== undefined) return heardError(error, error.code ?? error.type);
  const [choice] = choices ?? [];
  const said = choice?.delta ?? choice?.message;
  return { text: textOf(said?.content) + (said?.refusal ?? ''), isCut: choice?.finish_reason === 'length' };
}

/** Returns the text of a content, which some servers send in parts. */
function textOf(content: Json): string {
  if (!Array.isArray(content)) return content ?? '';
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
