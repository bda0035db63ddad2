import type { JsonObject } from './dialect.ts';
import { arrayOr, isObject, objectOr } from './json.ts';
import { noteCacheControl, type SeenInParts } from './read-beyond.ts';

/** The media parts of a request. A provider may bill more for them than their text. */
export interface Media extends SeenInParts {
  mediaParts: number;
  mediaBytes: number;
}

/**
 * The kinds of parts that a provider bills as their text, which the body's bytes bound: those of OpenAI, Anthropic and Mistral. What
 * stands in the `content` of one is looked at too. Every other kind counts as a media part, whoever invents it: a hold must not be
 * lower because this program does not know a kind that the provider knows.
 */
const TEXT_PARTS: ReadonlySet<unknown> = new Set([
  'text',
  'input_text',
  'output_text',
  'summary_text',
  'reasoning_text',
  'refusal',
  'thinking',
  'redacted_thinking',
  'reasoning',
  'reference',
  'citation',
  'compaction',
  'encrypted_content',
  'function_call',
  'tool_call',
  'tool_use',
  'tool_result',
  'tool_reference',
  'search_result',
  'server_tool_use',
  'mcp_tool_use',
  'mcp_tool_result',
  'web_search_tool_result',
  'web_search_tool_result_error',
  'web_search_result',
  'web_fetch_tool_result',
  'web_fetch_tool_result_error',
  'web_fetch_result',
  'tool_search_tool_result',
  'tool_search_tool_result_error',
  'tool_search_tool_search_result',
  'code_execution_tool_result',
  'code_execution_tool_result_error',
  'code_execution_result',
  'encrypted_code_execution_result',
  'code_execution_output',
  'bash_code_execution_tool_result',
  'bash_code_execution_tool_result_error',
  'bash_code_execution_result',
  'bash_code_execution_output',
  'text_editor_code_execution_tool_result',
  'text_editor_code_execution_tool_result_error',
  'text_editor_code_execution_view_result',
  'text_editor_code_execution_create_result',
  'text_editor_code_execution_str_replace_result',
]);

/**
 * The kinds of items of a Responses request that are billed as their text. Parts stand in the `content` of a message and in the
 * `output` of a tool's result.
 */
const TEXT_ITEMS: ReadonlySet<unknown> = new Set([
  'message',
  'agent_message',
  'reasoning',
  'compaction',
  'compaction_trigger',
  'item_reference',
  'function_call',
  'function_call_output',
  'custom_tool_call',
  'custom_tool_call_output',
  'tool_search_call',
  'tool_search_output',
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'computer_call',
  'computer_call_output',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'mcp_call',
  'program',
  'program_output',
]);

/** The kinds whose data in the body is not read as text, so that its bytes need not be held as text besides. */
const DATA_PARTS: ReadonlySet<unknown> = new Set([
  'image_url',
  'input_image',
  'computer_screenshot',
  'image',
  'input_audio',
  'audio',
  'file',
  'input_file',
  'document',
]);

const AUDIO_PARTS: ReadonlySet<unknown> = new Set(['input_audio', 'audio', 'audio_url', 'audio_embeds']);

/** Returns a finding of nothing, to be passed to the functions below. */
export function noMedia(): Media {
  return {
    mediaParts: 0,
    mediaBytes: 0,
    audioParts: 0,
    cached: false,
    cachedForHour: false,
    cachedOtherwise: null,
  };
}

/** Adds the media parts of chat messages, or of the items of a Responses request with the results of tools among them. */
export function countMessages(messages: readonly unknown[], media: Media): void {
  for (const message of messages) {
    if (!isObject(message)) continue;
    noteCacheControl(message.cache_control, media);
    const { type } = message;
    if (type === undefined || type === null || TEXT_ITEMS.has(type)) {
      countContent(message.content, media);
      countResult(message, media);
    } else countPart(message, media);
    countEarlierSpeech(message, media);
  }
}

/** Adds the media parts of a list of content parts, including those inside results of tools and documents. */
export function countParts(parts: readonly unknown[], media: Media): void {
  for (const part of parts) {
    if (!isObject(part)) continue;
    noteCacheControl(part.cache_control, media);
    countPart(part, media);
    countEarlierSpeech(part, media);
  }
}

/**
 * Returns the media parts of a request for embeddings. Servers of multimodal models take objects in `input`, such as
 * `{"image": …}`, and some take `messages` beside it.
 */
export function countInputs({ input, messages }: JsonObject): Media {
  const media = noMedia();
  for (const one of arrayOr(input)) {
    if (!isObject(one)) continue;
    if (one.type !== undefined) countParts([one], media);
    else if (one.content !== undefined) countContent(one.content, media);
    else if (typeof one.text !== 'string' || Object.keys(one).length > 1) media.mediaParts++;
  }
  if (messages !== undefined) countMessages(arrayOr(messages), media);
  return media;
}

/** Adds what `content` holds: a list of parts, or one. A text holds none. */
function countContent(content: unknown, media: Media): void {
  if (Array.isArray(content)) countParts(content, media);
  else if (isObject(content)) {
    noteCacheControl(content.cache_control, media);
    countPart(content, media);
  }
}

/** Adds the parts in the result of a tool, which may be pictures. The output of a shell is a list of texts without types. */
function countResult({ type, output }: JsonObject, media: Media): void {
  if (output === undefined || type === 'shell_call_output') return;
  if (Array.isArray(output)) countParts(output, media);
  else if (isObject(output)) countPart(output, media);
}

/**
 * Adds one part. A part of a kind that is media for a provider is one, whatever else it holds: an empty `content` or a source of
 * text beside a picture is a field that the provider does not read.
 */
function countPart(part: JsonObject, media: Media): void {
  const { type } = part;
  if (TEXT_PARTS.has(type)) {
    countContent(part.content, media);
    return;
  }
  const source = objectOr(part.source);
  if (type === 'document') {
    if (source.type === 'text') return;
    if (source.type === 'content') {
      countContent(source.content, media);
      return;
    }
  }
  media.mediaParts++;
  if (AUDIO_PARTS.has(type)) media.audioParts++;
  if (DATA_PARTS.has(type)) media.mediaBytes += dataBytes(part, source);
  // Who reads a kind that is not known here reads perhaps what stands in it.
  countContent(part.content, media);
  countParts(arrayOr(source.content), media);
}

/** Adds an earlier spoken answer. It is referenced by its id, and the model reads its audio again. */
function countEarlierSpeech({ audio }: JsonObject, media: Media): void {
  if (audio === undefined || typeof objectOr(audio).id !== 'string') return;
  media.mediaParts++;
  media.audioParts++;
}

/** Returns the number of the body's bytes that are the part's own data; 0 if it names a URL or a stored file. */
function dataBytes(part: JsonObject, source: JsonObject): number {
  if (typeof source.data === 'string') return source.data.length;
  const { image_url: image, file, input_audio: audio } = part;
  const data = [isObject(image) ? image.url : image, objectOr(file).file_data ?? part.file_data, objectOr(audio).data];
  const inline = data.find((value) => typeof value === 'string');
  if (typeof inline !== 'string') return 0;
  return inline === image || inline === objectOr(image).url ? (inline.startsWith('data:') ? inline.length : 0) : inline.length;
}
