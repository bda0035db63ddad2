import type { JsonObject, Wire } from './dialect.ts';

const BYTES_PER_TOKEN = 4;

/** Estimates the tokens of a request whose provider has no endpoint to count them: a quarter of its bytes, at least 1. */
export function estimateTokens(body: JsonObject): number {
  const { model: _model, max_tokens: _cap, stream: _stream, ...counted } = body;
  return Math.max(1, Math.ceil(Buffer.byteLength(JSON.stringify(counted)) / BYTES_PER_TOKEN));
}

/** Returns the answer to a count of tokens in a client's format. */
export function countAnswer(client: Wire, tokens: number): JsonObject {
  if (client === 'gemini-count-tokens') return { totalTokens: tokens };
  return client === 'openai-input-tokens' ? { object: 'response.input_tokens', input_tokens: tokens } : { input_tokens: tokens };
}
