/** The request and answer of every measurement. Sizes and token counts never vary, so every sum can be checked. */

const REQUEST_BYTES = 925;
const ANSWER_BYTES = 987;

/** The usage that the upstream reports for every answer, JSON or streamed. */
export const usage = { input: 211, output: 148 } as const;

/** The number of chunks with text in a stream, before the closing ones. */
export const CHUNKS_PER_STREAM = 200;

/** The models that every gateway under test serves. */
export const models = { json: 'bench-json', stream: 'bench-stream' } as const;

/** A chat request of 925 bytes. */
export const jsonRequestBody = padded(REQUEST_BYTES, (text) =>
  JSON.stringify({
    model: models.json,
    max_tokens: 256,
    temperature: 0.2,
    messages: [
      { role: 'system', content: 'You answer questions about orders, briefly and politely.' },
      { role: 'user', content: text },
    ],
  }),
);

/** Returns a streamed chat request. `user` names the stream, so that its two ends can be matched. */
export function streamRequestBody(name: string): string {
  return padded(REQUEST_BYTES, (text) =>
    JSON.stringify({
      model: models.stream,
      stream: true,
      max_tokens: 4096,
      user: name,
      messages: [{ role: 'user', content: text }],
    }),
  );
}

/** The chat answer of 987 bytes. */
export const jsonAnswerBody = padded(ANSWER_BYTES, (text) =>
  JSON.stringify({
    id: 'chatcmpl-bench000000000000000000001',
    object: 'chat.completion',
    created: 1_780_000_000,
    model: models.json,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: reportedUsage(),
    service_tier: 'default',
    system_fingerprint: null,
  }),
);

/** One chunk of text in a vendor's form, about 240 bytes. */
export const streamChunk = event({
  ...chunkHead(),
  choices: [{ index: 0, delta: { content: ' water' }, logprobs: null, finish_reason: null }],
});

/** The end of a stream: the reason, the usage, the terminator. */
export const streamEnd =
  event({ ...chunkHead(), choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }] }) +
  event({ ...chunkHead(), choices: [], usage: reportedUsage() }) +
  'data: [DONE]\n\n';

function chunkHead() {
  return {
    id: 'chatcmpl-bench000000000000000000002',
    object: 'chat.completion.chunk',
    created: 1_780_000_000,
    model: models.stream,
    service_tier: 'default',
    system_fingerprint: null,
  };
}

function reportedUsage() {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** Fills the text so that the result has exactly this many bytes. */
function padded(bytes: number, make: (text: string) => string): string {
  const room = bytes - make('').length;
  if (room < 0) throw new Error(`the exchange does not fit into ${bytes} bytes`);
  return make('water '.repeat(Math.ceil(room / 6)).slice(0, room));
}
