import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { defined } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { MediaPart, NeutralRequest, Part, TextPart, ToolCallPart, ToolResultPart } from '../neutral.ts';
import { text, textOf } from '../neutral.ts';

/** The features of the model that a request is encoded for. */
export interface Writer {
  readonly losses: Losses;
  /** True if the model reads thinking in its earlier answers. Others read it only as the plan before their calls. */
  readonly keepsThinking: boolean;
}

/** Texts of a person or an instruction are apart. Those of a model are pieces of one text. */
const BLANK_LINE = '\n\n';

/** Encodes the conversation. All instructions are in the first message, because Cohere takes them nowhere else. */
export function messagesOf({ system, messages }: NeutralRequest, writer: Writer): JsonObject[] {
  const later = messages.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts);
  const instructions = [...system, ...later];
  loseMarks(instructions, writer.losses);
  const words = joined(instructions, BLANK_LINE);
  return [
    ...(words === '' ? [] : [{ role: 'system', content: words }]),
    ...messages.flatMap(({ role, parts }) => {
      if (role === 'system') return [];
      loseMarks(parts, writer.losses);
      return role === 'assistant' ? assistantMessages(parts, writer) : userMessages(parts, writer);
    }),
  ];
}

function loseMarks(parts: readonly Part[], losses: Losses): void {
  for (const part of parts) {
    if ('cache' in part && part.cache !== null) losses.drop('cache_mark');
    if (part.is === 'tool_result') loseMarks(part.parts, losses);
  }
}

/** Returns the results of tools, each as a message, and then what the person says. Pictures of results are with the latter. */
function userMessages(parts: readonly Part[], writer: Writer): JsonObject[] {
  const results = parts.filter((part) => part.is === 'tool_result');
  const others = parts.filter((part) => part.is !== 'tool_result');
  const said = [...results.flatMap(attachmentsOf), ...others];
  return [
    ...results.map((result) => toolMessage(result, writer)),
    ...(said.length > 0 || results.length === 0 ? [{ role: 'user', content: contentOf(said) }] : []),
  ];
}

function toolMessage({ callId, parts, failed }: ToolResultPart, { losses }: Writer): JsonObject {
  if (failed) losses.drop('failed_result');
  const words = joined(parts, BLANK_LINE);
  const isElsewhere = words === '' && parts.length > 0;
  return {
    role: 'tool',
    tool_call_id: callId,
    content: isElsewhere ? 'The result is attached to the next message.' : words,
  };
}

function attachmentsOf({ callId, parts }: ToolResultPart): Part[] {
  const media = parts.filter(isMedia);
  return media.length === 0 ? [] : [text(`Result of the tool call ${callId}:`), ...media];
}

/** Returns content as a string if it is text alone. */
function contentOf(parts: readonly Part[]): string | JsonObject[] {
  const content = parts.flatMap((part) => {
    if (part.is === 'text' || part.is === 'refusal') return [{ type: 'text', text: part.text }];
    return isMedia(part) ? [mediaOf(part)] : [];
  });
  return content.every(({ type }) => type === 'text')
    ? content.map((part) => (part as { text: string }).text).join(BLANK_LINE)
    : content;
}

function isMedia(part: Part): part is MediaPart {
  return part.is === 'image' || part.is === 'document' || part.is === 'audio' || part.is === 'video';
}

function mediaOf({ is, source, title, at }: MediaPart): JsonObject {
  if (source.is === 'text') return { type: 'text', text: title === null ? source.text : title + BLANK_LINE + source.text };
  if (is !== 'image') throw new Untranslatable(at, `this model reads texts and pictures: it cannot take ${NAMES[is]}`);
  if (source.is === 'file')
    throw new Untranslatable(at, 'this model needs the picture as data or as a URL: it does not support stored files');
  const url = source.is === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
  return { type: 'image_url', image_url: { url } };
}

const NAMES = { document: 'this document', audio: 'sound', video: 'video' } as const;

/** Encodes an answer of the model; none if nothing of it is left. Beside calls, its words are the plan that led to them. */
function assistantMessages(parts: readonly Part[], writer: Writer): JsonObject[] {
  const words = textOf(parts);
  const calls = parts.filter((part) => part.is === 'tool_call').map((call) => callOf(call, writer.losses));
  const thoughts = thoughtsOf(parts, writer.losses);
  const plan = writer.keepsThinking ? [words] : [thoughts, words];
  if (thoughts !== '' && !writer.keepsThinking && calls.length === 0) writer.losses.drop('thinking');
  const thinking = writer.keepsThinking && thoughts !== '' ? [{ type: 'thinking', thinking: thoughts }] : [];
  if (calls.length > 0) {
    const toolPlan = plan.filter(Boolean).join(BLANK_LINE);
    const content = thinking.length > 0 ? thinking : undefined;
    return [defined({ role: 'assistant', content, tool_plan: toolPlan === '' ? undefined : toolPlan, tool_calls: calls })];
  }
  if (words === '' && thinking.length === 0) return [];
  const said = words === '' ? [] : [{ type: 'text', text: words }];
  return [{ role: 'assistant', content: thinking.length > 0 ? [...thinking, ...said] : words }];
}

/** Returns the thinking that no vendor signed. Signed thinking is another vendor's, as Cohere signs none. */
function thoughtsOf(parts: readonly Part[], losses: Losses): string {
  let thoughts = '';
  for (const part of parts) {
    if (part.is === 'redacted_thinking' || (part.is === 'thinking' && part.signature !== null)) losses.drop('signature');
    else if (part.is === 'thinking') thoughts += part.text;
  }
  return thoughts;
}

function callOf({ id, name, arguments: args, signature }: ToolCallPart, losses: Losses): JsonObject {
  if (signature !== null) losses.drop('signature');
  return { id, type: 'function', function: { name, arguments: args || '{}' } };
}

function joined(parts: readonly Part[], between: string): string {
  return parts
    .filter((part): part is TextPart => part.is === 'text')
    .map((part) => part.text)
    .join(between);
}
