import { type Dialect, given, type Heard, heardError, type Json } from './dialect.ts';

export const gemini: Dialect = {
  id: 'gemini',
  name: 'Gemini generateContent',
  path: ({ model, stream }) =>
    `/v1beta/models/${encodeURIComponent(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: ({ system, messages, maxTokens, temperature }) => {
    const generationConfig = given({ maxOutputTokens: maxTokens, temperature });
    return given({
      systemInstruction: system === '' ? null : { parts: [{ text: system }] },
      contents: messages.map(({ from, text }) => ({ role: from, parts: [{ text }] })),
      generationConfig: Object.keys(generationConfig).length === 0 ? null : generationConfig,
    });
  },
  secretHeader: (secret) => ['x-goog-api-key', secret],
  read,
};

function read({ error, candidates }: Json): Heard {
  if (error !== undefined) return heardError(error, error.status);
  const [candidate] = candidates ?? [];
  const parts = candidate?.content?.parts ?? [];
  return {
    text: parts.map((part: Json) => (part.thought === true ? '' : (part.text ?? ''))).join(''),
    isCut: candidate?.finishReason === 'MAX_TOKENS',
  };
}
