/**
 * The fields inside the messages, items and parts of requests that decoders read, and those that say nothing to another provider because
 * the client repeats them from an answer. Any other is lost in translation, and named.
 */
import { snakeOf } from './gemini/fields.ts';

const MARKS = ['cache_control', 'prompt_cache_breakpoint'] as const;
/** The fields that identify or count a part of an earlier answer. */
const REPEATED = ['id', 'index', 'status', 'logprobs', 'annotations'] as const;

export const CHAT_MESSAGE: ReadonlySet<string> = new Set([
  ...['role', 'content', 'name', 'refusal', 'audio', 'tool_calls', 'tool_call_id', 'thinking_blocks'],
  ...['reasoning_content', 'reasoning', 'reasoning_details', ...MARKS, ...REPEATED],
]);
export const CHAT_PART: ReadonlySet<string> = new Set([
  ...['type', 'text', 'refusal', 'image_url', 'input_audio', 'file', 'thinking', 'signature', ...MARKS, ...REPEATED],
]);
export const CHAT_TOOL_CALL: ReadonlySet<string> = new Set(['type', 'function', 'custom', ...MARKS, ...REPEATED]);

export const MESSAGES_MESSAGE: ReadonlySet<string> = new Set([
  ...['role', 'content'],
  // What an answer has, for clients that send it back as it is.
  ...['id', 'type', 'model', 'stop_reason', 'stop_sequence', 'stop_details', 'usage', 'container', 'context_management'],
]);
export const MESSAGES_BLOCK: ReadonlySet<string> = new Set([
  ...['type', 'text', 'source', 'title', 'context', 'citations', 'content', 'thinking', 'signature', 'data'],
  ...['name', 'input', 'tool_use_id', 'is_error', 'caller', 'encrypted_content', ...MARKS, ...REPEATED],
]);

export const RESPONSES_ITEM: ReadonlySet<string> = new Set([
  ...['type', 'role', 'content', 'call_id', 'name', 'namespace', 'arguments', 'input', 'output', 'summary'],
  // `phase` tells OpenAI's models which of their own messages were comments.
  ...['encrypted_content', 'execution', 'tools', 'phase', ...REPEATED],
]);
export const RESPONSES_PART: ReadonlySet<string> = new Set([
  ...['type', 'text', 'refusal', 'image_url', 'detail', 'file_id', 'file_data', 'file_url', 'filename', ...MARKS, ...REPEATED],
]);

export const GEMINI_CONTENT: ReadonlySet<string> = new Set(['role', 'parts']);
export const GEMINI_PART: ReadonlySet<string> = new Set(
  [
    ...['text', 'thought', 'thoughtSignature', 'inlineData', 'fileData', 'functionCall', 'functionResponse'],
    // Named by the decoder itself.
    ...['videoMetadata', 'mediaResolution', 'executableCode', 'codeExecutionResult'],
  ].flatMap((name) => [name, snakeOf(name)]),
);
