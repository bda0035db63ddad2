import { expect, test } from 'vitest';
import type { UpstreamHeaders } from '../upstream/call.ts';
import { readAzureError } from './azure/read-azure-error.ts';
import { readBedrockError } from './bedrock/read-bedrock-error.ts';
import { readCohereError } from './cohere/read-cohere-error.ts';
import type { ProviderError } from './provider.ts';
import { readAnthropicError } from './read-anthropic-error.ts';
import { readOpenAiError } from './read-error.ts';
import { readGeminiError } from './read-gemini-error.ts';
import { readVertexError } from './vertex/read-vertex-error.ts';

type Reader = (status: number, headers: UpstreamHeaders, body: Buffer) => ProviderError;

const kindOf = (reader: Reader, status: number, body: unknown): ProviderError['kind'] =>
  reader(status, {}, Buffer.from(JSON.stringify(body))).kind;
const openai = (message: string, code: string | null = null) => ({ error: { message, type: 'invalid_request_error', code } });
const google = (message: string) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } });
const anthropic = (message: string) => ({ type: 'error', error: { type: 'invalid_request_error', message } });

// Each form is in docs/vendor-facts.md, with the place where it was found. The numbers are ours.
test.each<[string, Reader, number, unknown]>([
  ['OpenAI, by its code', readOpenAiError, 400, openai('x', 'context_length_exceeded')],
  ['OpenAI, Responses', readOpenAiError, 400, openai('Your input exceeds the context window of this model.')],
  ['OpenAI, newer models', readOpenAiError, 400, openai('Input tokens exceed the configured limit of 900 tokens.')],
  ['OpenAI, embeddings', readOpenAiError, 400, openai("Invalid 'input[0]': maximum input length is 8192 tokens.")],
  ['Azure', readAzureError, 400, openai('x', 'context_length_exceeded')],
  ['Anthropic', readAnthropicError, 400, anthropic('prompt is too long: 210000 tokens > 200000 maximum')],
  [
    'Anthropic, with its output',
    readAnthropicError,
    400,
    anthropic('input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000'),
  ],
  ['MiniMax', readAnthropicError, 400, anthropic('invalid params, context window exceeds limit (2013)')],
  ['Bedrock', readBedrockError, 400, { message: 'Input is too long for requested model.' }],
  ['Bedrock, Cohere', readBedrockError, 400, { message: 'too many tokens: size limit exceeded by 5 tokens' }],
  ['Bedrock, Titan', readBedrockError, 400, { message: 'expected maxLength: 42000, actual: 50000' }],
  ['Bedrock, embeddings', readBedrockError, 400, { message: 'Too many input tokens. Max input tokens: 8192' }],
  ['Bedrock, Llama', readBedrockError, 400, { message: 'This exceeds the maximum number of input tokens (8192).' }],
  ['Gemini', readGeminiError, 400, google('The input token count (9) exceeds the maximum number of tokens allowed (8).')],
  [
    'Vertex, Gemini',
    readVertexError,
    400,
    google('Unable to submit request because the input token count is 40000 but model only supports up to 32768.'),
  ],
  ['Vertex, Claude', readVertexError, 400, anthropic('prompt is too long: 210000 tokens > 200000 maximum')],
  ['Cohere', readCohereError, 400, { message: 'too many tokens: total number of tokens cannot exceed 4081' }],
  [
    'Mistral',
    readOpenAiError,
    400,
    openai('Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length'),
  ],
  ['Groq', readOpenAiError, 400, openai('Please reduce the length of the messages or completion.', 'context_length_exceeded')],
  ['Groq, by its words', readOpenAiError, 400, openai('Please reduce the length of the messages or completion.')],
  [
    'Groq, more than the tokens of a minute',
    readOpenAiError,
    413,
    openai('Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000', 'rate_limit_exceeded'),
  ],
  ['Cerebras', readOpenAiError, 400, openai('Please reduce the length. Current length is 9000 while limit is 8192')],
  ['DeepSeek', readOpenAiError, 400, openai("This model's maximum context length is 131072 tokens.")],
  ['xAI', readOpenAiError, 400, openai("This model's maximum prompt length is 131072 but the request contains 140000.")],
  ['OpenRouter', readOpenAiError, 400, openai("This endpoint's maximum context length is 8192 tokens.")],
  ['OpenRouter, Poolside', readOpenAiError, 400, openai('exceeds the maximum allowed input length of 8,192 tokens')],
  ['Fireworks', readOpenAiError, 400, openai('The prompt is too long: 9000, model maximum context length: 8192')],
  [
    'Together',
    readOpenAiError,
    422,
    openai('Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000'),
  ],
  ['Hugging Face, chat', readOpenAiError, 422, openai('Input validation error: `inputs` must have less than 1024 tokens')],
  ['Hugging Face', readOpenAiError, 400, openai('length limit exceeded')],
  ['vLLM', readOpenAiError, 400, openai('The decoder prompt (length 9000) is longer than the maximum model length of 8192.')],
  ['vLLM, older', readOpenAiError, 400, openai('The prompt (total length 9000) is too long to fit into the model')],
  ['LM Studio', readOpenAiError, 400, openai('tokens to keep from the initial prompt is greater than the context length')],
  ['Ollama', readOpenAiError, 400, openai('prompt too long; exceeded max context length by 4 tokens')],
  ['llama.cpp', readOpenAiError, 400, openai('the request exceeds the available context size, try increasing it')],
])('%s says that a request is too long', (_, reader, status, body) => {
  expect(kindOf(reader, status, body)).toBe('context_length');
});

test.each<[string, Reader, number, unknown, ProviderError['kind']]>([
  ['a limit per minute', readOpenAiError, 429, openai('Request too large for gpt-5 on tokens per min'), 'rate_limited'],
  ['a throttled call', readBedrockError, 429, { message: 'Too many tokens, please wait before trying again.' }, 'rate_limited'],
  ['a body that is too large', readAnthropicError, 413, anthropic('Request exceeds the maximum size'), 'caller'],
  [
    'a field that is too long',
    readOpenAiError,
    400,
    openai("Invalid 'user': string too long.", 'string_above_max_length'),
    'caller',
  ],
])('%s is something else', (_, reader, status, body, kind) => {
  expect(kindOf(reader, status, body)).toBe(kind);
});
