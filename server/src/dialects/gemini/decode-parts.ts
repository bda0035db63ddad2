import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { GEMINI_PART } from '../inner-fields.ts';
import { isObject, objectOr, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { MediaPart, Part } from '../neutral.ts';
import { text } from '../neutral.ts';
import type { CallIds } from './call-ids.ts';
import { field, fieldObject, listOf, spellingOf } from './fields.ts';
import { signatureOf } from './signatures.ts';

/** Decodes the parts of one turn of a request. Throws Untranslatable for a part that no other dialect can express. */
export function readParts(parts: unknown, where: string, turn: number, { ids, losses }: Reader): Part[] {
  return (listOf(parts) ?? []).flatMap((given, at) => {
    const part = objectOr(given);
    const read = partsOf(part, `${where}[${at}]`, () => ids.called(turn, at), { ids, losses });
    loseBeside(part, losses);
    return read;
  });
}

/** The state of one request that is read. */
export interface Reader {
  readonly ids: CallIds;
  readonly losses: Losses;
}

/** Notes how media were to be read, which no other dialect can say, and what is not known beside a part. */
function loseBeside(part: JsonObject, losses: Losses): void {
  losses.dropOthers(part, GEMINI_PART, 'contents.parts');
  for (const name of ['videoMetadata', 'mediaResolution'])
    if (isObject(field(part, name))) losses.dropField(`contents.parts.${spellingOf(part, name)}`);
}

function partsOf(part: JsonObject, where: string, newId: () => string, { ids, losses }: Reader): Part[] {
  const signature = signatureOf(field(part, 'thoughtSignature'));
  const call = field(part, 'functionCall');
  if (isObject(call)) {
    const name = stringOr(call.name, '');
    const id = ids.call(stringOr(call.id, '') || newId(), name);
    return [{ is: 'tool_call', id, name, arguments: argumentsOf(call.args), signature, cache: null }];
  }
  const result = field(part, 'functionResponse');
  if (isObject(result)) return [resultOf(result, where, ids)];
  if (part.thought === true) return [{ is: 'thinking', text: stringOr(part.text, ''), signature }];
  // A signature beside the visible words is kept as an empty thought after them.
  const signed: Part[] = signature === null ? [] : [{ is: 'thinking', text: '', signature }];
  if (typeof part.text === 'string') return [...(part.text === '' ? [] : [text(part.text)]), ...signed];
  const media = mediaOf(part, where);
  if (media !== null) return [media, ...signed];
  refuseOthers(part, where, losses);
  return signed;
}

/** Returns the arguments as the JSON text that a model would write. */
export function argumentsOf(args: unknown): string {
  if (args === undefined || args === null) return '{}';
  return typeof args === 'string' ? args : JSON.stringify(args);
}

/** Returns a step or a result of code that Google runs. */
export function ownPart(part: JsonObject): Part | null {
  if (isObject(field(part, 'executableCode'))) return { is: 'raw', what: 'server_tool_call', issuer: 'google', json: part };
  if (isObject(field(part, 'codeExecutionResult')))
    return { is: 'raw', what: 'server_tool_result', issuer: 'google', json: part };
  return null;
}

/** Notes a step of code that Google ran, which is left out. Throws Untranslatable for any other part that is not known. */
function refuseOthers(part: JsonObject, where: string, losses: Losses): void {
  const [kind] = Object.keys(part).filter((key) => !/^thought(?:_?signature)?$/i.test(key));
  if (kind === undefined) return;
  if (ownPart(part) === null)
    throw new Untranslatable(`${where}.${kind}`, `this model does not support parts with ${JSON.stringify(kind)}`);
  losses.dropField(`contents.parts.${kind}`);
}

function mediaOf(part: JsonObject, where: string): MediaPart | null {
  const inline = field(part, 'inlineData');
  if (isObject(inline)) {
    const mediaType = stringOr(field(inline, 'mimeType'), 'application/octet-stream');
    const data = stringOr(inline.data, '');
    const source =
      mediaType.startsWith('text/') && mediaType !== 'text/html'
        ? ({ is: 'text', text: Buffer.from(data, 'base64').toString('utf8') } as const)
        : ({ is: 'base64', mediaType, data } as const);
    return { is: kindOf(mediaType), source, title: titleOf(inline), cache: null, at: `${where}.inlineData` };
  }
  const file = field(part, 'fileData');
  if (!isObject(file)) return null;
  const source = { is: 'url', url: stringOr(field(file, 'fileUri'), '') } as const;
  const is = kindOf(stringOr(field(file, 'mimeType'), ''));
  return { is, source, title: titleOf(file), cache: null, at: `${where}.fileData` };
}

function titleOf(data: JsonObject): string | null {
  return stringOr(field(data, 'displayName'), null);
}

function kindOf(mediaType: string): MediaPart['is'] {
  const [kind] = mediaType.toLowerCase().split('/');
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'document';
}

function resultOf(result: JsonObject, where: string, ids: CallIds): Part {
  const { words, failed } = wordsOf(result.response);
  const media = (listOf(result.parts) ?? []).flatMap((part, at) => {
    const found = mediaOf(objectOr(part), `${where}.functionResponse.parts[${at}]`);
    return found === null ? [] : [found];
  });
  const callId = ids.result(stringOr(result.id, ''), stringOr(result.name, ''));
  return { is: 'tool_result', callId, parts: [...(words === '' ? [] : [text(words)]), ...media], failed, cache: null };
}

/** Returns the words of a result. Google's own SDKs put them into `output`, or `error` for a failure. */
function wordsOf(response: unknown): { readonly words: string; readonly failed: boolean } {
  if (!isObject(response))
    return { words: response === undefined || response === null ? '' : JSON.stringify(response), failed: false };
  const [key, ...more] = Object.keys(response);
  const only = more.length === 0 && key !== undefined ? response[key] : undefined;
  const isWords = typeof only === 'string' && (key === 'output' || key === 'result' || key === 'error');
  return { words: isWords ? only : JSON.stringify(response), failed: key === 'error' && more.length === 0 };
}

/** Returns the text of instructions, which may be parts, one part or a plain string. */
export function instructionsOf(request: JsonObject): string[] {
  const given = field(request, 'systemInstruction');
  if (typeof given === 'string') return given === '' ? [] : [given];
  const parts = listOf(fieldObject(request, 'systemInstruction').parts) ?? [];
  return parts.flatMap((part) => stringOr(objectOr(part).text, '') || []);
}
