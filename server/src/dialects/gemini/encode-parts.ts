import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { defined, isObject, parseJson } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { MediaPart, Part, Source, ToolCallPart, ToolResultPart } from '../neutral.ts';
import { textOf } from '../neutral.ts';
import { refuseStoredFile } from './foreign-files.ts';
import { SKIP_VALIDATOR } from './signatures.ts';

/** The state of one request in the making. */
export interface Writer {
  /** The functions of the calls so far, by the ids of the calls. A result names its function. */
  readonly names: Map<string, string>;
  /** True if the model refuses a call without a signature. */
  readonly needsSignatures: boolean;
  readonly losses: Losses;
}

/** Encodes the parts of one turn. Results come first, as Google's servers expect them after calls. */
export function turnParts(parts: readonly Part[], writer: Writer): JsonObject[] {
  for (const part of parts) if ('cache' in part && part.cache !== null) writer.losses.drop('cache_mark');
  const results = parts.filter((part) => part.is === 'tool_result');
  const others = parts.filter((part) => part.is !== 'tool_result');
  const written = [
    ...results.flatMap((result) => resultParts(result, writer)),
    ...others.flatMap((part) => partOf(part, writer)),
  ];
  signFirstCall(written, writer);
  return written;
}

/** Only the first call of a turn carries a signature. If the history has none, a word stands for it. */
function signFirstCall(parts: JsonObject[], { needsSignatures }: Writer): void {
  const at = parts.findIndex((part) => part.functionCall !== undefined);
  const first = parts[at];
  if (!needsSignatures || first === undefined || first.thoughtSignature !== undefined) return;
  parts[at] = { ...first, thoughtSignature: SKIP_VALIDATOR };
}

function partOf(part: Part, writer: Writer): JsonObject[] {
  switch (part.is) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text }];
    case 'thinking':
      return thoughtOf(part, writer.losses);
    case 'redacted_thinking':
      writer.losses.drop('signature');
      return [];
    case 'tool_call':
      writer.names.set(part.id, part.name);
      return [callOf(part, writer.losses)];
    case 'tool_result':
      return resultParts(part, writer);
    case 'raw':
      return [];
    case 'image':
    case 'document':
    case 'audio':
    case 'video':
      return [mediaOf(part)];
  }
}

/** Returns a thought that Google signed. Unsigned thoughts have no place in its requests. */
function thoughtOf({ text, signature }: Extract<Part, { is: 'thinking' }>, losses: Losses): JsonObject[] {
  if (signature?.issuer === 'google')
    return [defined({ text, thought: text === '' ? undefined : true, thoughtSignature: signature.data })];
  losses.drop(signature === null ? 'thinking' : 'signature');
  return [];
}

function callOf({ id, name, arguments: json, signature }: ToolCallPart, losses: Losses): JsonObject {
  const isOurs = signature?.issuer === 'google';
  if (signature !== null && !isOurs) losses.drop('signature');
  return defined({
    functionCall: defined({ id: id === '' ? undefined : id, name, args: argumentsOf(json) }),
    thoughtSignature: isOurs ? signature.data : undefined,
  });
}

/** Parses arguments into the object that this format requires. Broken JSON of a model is kept as text in one field. */
export function argumentsOf(json: string): JsonObject {
  if (json.trim() === '') return {};
  const args = parseJson(json);
  return isObject(args) ? args : { arguments: json };
}

function resultParts({ callId, parts, failed }: ToolResultPart, writer: Writer): JsonObject[] {
  const words = textOf(parts);
  const json = parseJson(words);
  const response = failed ? { error: words } : isObject(json) ? json : { output: words };
  const name = writer.names.get(callId) ?? callId;
  const media = parts.flatMap((part) => (isMedia(part) ? [mediaOf(part)] : []));
  return [{ functionResponse: defined({ id: callId === '' ? undefined : callId, name, response }) }, ...media];
}

function isMedia(part: Part): part is MediaPart {
  return part.is === 'image' || part.is === 'document' || part.is === 'audio' || part.is === 'video';
}

function mediaOf({ source, title, at }: MediaPart): JsonObject {
  const { is } = source;
  if (is === 'text') return { text: title === null ? source.text : `${title}\n\n${source.text}` };
  if (is === 'base64') return { inlineData: { mimeType: source.mediaType, data: source.data } };
  if (is === 'file') throw new Untranslatable(at, `${at} names a stored file, which this model cannot read: send its content`);
  refuseStoredFile(source.url, at);
  return { fileData: defined({ mimeType: typeOf(source), fileUri: source.url }) };
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['gif', 'image/gif'],
  ['heic', 'image/heic'],
  ['pdf', 'application/pdf'],
  ['mp3', 'audio/mp3'],
  ['wav', 'audio/wav'],
  ['mp4', 'video/mp4'],
]);

/** Returns the type of what an address names, by its ending; undefined if that says nothing, and the provider must find out. */
function typeOf({ url }: Extract<Source, { is: 'url' }>): string | undefined {
  const ending = /\.([a-z0-9]{2,5})$/i.exec(new URL(url).pathname)?.[1];
  return TYPES.get(ending?.toLowerCase() ?? '');
}
