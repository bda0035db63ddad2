import { type Asked, bearer, type Dialect, given, type Heard, heardError, type Json } from './dialect.ts';

export const openAiCompletions: Dialect = {
  id: 'completions',
  name: 'OpenAI Completions',
  path: () => '/v1/completions',
  body: (asked) =>
    given({
      model: asked.model,
      prompt: promptOf(asked),
      max_tokens: asked.maxTokens,
      temperature: asked.temperature,
      stream: asked.stream ? true : null,
      stream_options: asked.stream ? { include_usage: true } : null,
    }),
  secretHeader: bearer,
  read,
};

/** Returns the conversation as one text, because the dialect has no roles. */
function promptOf({ system, messages }: Asked): string {
  return [system, ...messages.map(({ text }) => text)].filter((text) => text !== '').join('\n\n');
}

function read({ error, choices }: Json): Heard {
  if (error !== undefined) return heardError(error, error.code ?? error.type);
  const [choice] = choices ?? [];
  return { text: choice?.text ?? '', isCut: choice?.finish_reason === 'length' };
}
