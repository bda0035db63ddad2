import { bearer, type Dialect, given, type Heard, heardError, type Json } from './dialect.ts';

export const openAiResponses: Dialect = {
  id: 'responses',
  name: 'OpenAI Responses',
  path: () => '/v1/responses',
  body: ({ model, system, messages, stream, maxTokens, temperature }) =>
    given({
      model,
      instructions: system === '' ? null : system,
      input: messages.map(({ from, text }) => ({ role: from === 'user' ? 'user' : 'assistant', content: text })),
      max_output_tokens: maxTokens,
      temperature,
      stream: stream ? true : null,
      store: false,
    }),
  secretHeader: bearer,
  read,
};

function read(said: Json): Heard {
  switch (said.type) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return { text: said.delta };
    case 'response.incomplete':
    case 'response.failed':
      return endOf(said.response);
    case 'error':
      // OpenAI nests the error, and its specification does not.
      return errorOf(said.error ?? said);
    case undefined:
      return wholeOf(said);
    default:
      return {};
  }
}

function wholeOf(said: Json): Heard {
  if (said.object !== 'response') return errorOf(said.error);
  const parts = (said.output ?? []).flatMap((item: Json) => (item.type === 'message' ? item.content : []));
  return { text: parts.map((part: Json) => part.text ?? part.refusal ?? '').join(''), ...endOf(said) };
}

function endOf({ error, incomplete_details: incomplete }: Json): Heard {
  return { ...errorOf(error), isCut: incomplete?.reason === 'max_output_tokens' };
}

function errorOf(error: Json): Heard {
  return heardError(error, error?.code ?? error?.type);
}
