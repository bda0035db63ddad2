import { NOTHING_BEYOND } from '../../domain/money/beyond.ts';
import type { Called, JsonObject, RequestFacts } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { isObject, objectsIn } from '../json.ts';
import { contentBeyond, type Media } from './beyond.ts';
import { camelOf, contentsOf, field, fieldObject, listOf, requestIn } from './fields.ts';
import { refuseStoredFile } from './foreign-files.ts';

const ANSWERS_MAX = 128;
const OUTPUT_CAP_MAX = 2 ** 31;

/**
 * Reads the facts about a request in Gemini's format. Its model is in the path, as is whether the answer is streamed. Throws
 * Untranslatable for one that cannot be served.
 */
export function contentFacts(body: JsonObject, called: Called): RequestFacts {
  const request = requestIn(body);
  const media: Media = { parts: 0, bytes: 0, audioParts: 0 };
  checkContents(contentsOf(body), media);
  countParts(field(fieldObject(request, 'systemInstruction'), 'parts'), 'systemInstruction.parts', media);
  const config = configOf(request);
  refuseStored(request);
  return {
    model: called.model,
    stream: called.stream,
    outputCap: wholeOf(config, 'maxOutputTokens', OUTPUT_CAP_MAX),
    answers: wholeOf(config, 'candidateCount', ANSWERS_MAX) ?? 1,
    mediaParts: media.parts,
    mediaBytes: media.bytes,
    wantsUsage: true,
    ...(called.framing === 'array' ? { framing: called.framing } : {}),
    beyond: contentBeyond(request, media),
  };
}

/** Reads the facts about a count of tokens, which costs nothing. */
export function countFacts(body: JsonObject, called: Called): RequestFacts {
  return { ...contentFacts(body, called), stream: false, outputCap: null, answers: 1, beyond: NOTHING_BEYOND };
}

function configOf(request: JsonObject): JsonObject {
  const config = field(request, 'generationConfig');
  if (config === undefined || config === null) return {};
  if (!isObject(config)) throw new Untranslatable('generationConfig', 'generationConfig must be an object');
  return config;
}

function checkContents(contents: unknown, media: Media): void {
  const turns = listOf(contents);
  if (turns === undefined) throw new Untranslatable('contents', 'contents must be an array');
  turns.forEach((content: unknown, index) => {
    if (!isObject(content)) throw new Untranslatable(`contents[${index}]`, `contents[${index}] must be an object`);
    countParts(content.parts, `contents[${index}].parts`, media);
  });
}

function countParts(parts: unknown, where: string, media: Media): void {
  if (parts === undefined || parts === null) return;
  const list = listOf(parts);
  if (list === undefined) throw new Untranslatable(where, `${where} must be an array`);
  list.forEach((part: unknown, index) => {
    if (!isObject(part)) throw new Untranslatable(`${where}[${index}]`, `${where}[${index}] must be an object`);
    countPart(part, `${where}[${index}]`, media);
  });
}

/** The fields of a part that are its data, counted by themselves, or are billed as their text. */
const PART_FIELDS: ReadonlySet<string> = new Set([
  ...['inlineData', 'fileData', 'text', 'thought', 'thoughtSignature', 'functionCall', 'functionResponse', 'executableCode'],
  ...['codeExecutionResult', 'toolCall', 'toolResponse', 'videoMetadata', 'partMetadata', 'mediaResolution'],
]);

function countPart(part: JsonObject, where: string, media: Media): void {
  const inline = field(part, 'inlineData');
  const file = field(part, 'fileData');
  if (isObject(inline)) count(inline, typeof inline.data === 'string' ? inline.data.length : 0, media);
  if (isObject(file)) {
    refuseStoredFile(field(file, 'fileUri'), `${where}.fileData.fileUri`);
    count(file, 0, media);
  }
  // What this program does not know may be a picture to the provider.
  for (const name in part) if (!PART_FIELDS.has(camelOf(name)) && isNamed(part[name])) media.parts += 1;
  // The result of a tool may hold pictures.
  const result = field(part, 'functionResponse');
  if (isObject(result)) countParts(result.parts, `${where}.functionResponse.parts`, media);
}

function count(data: JsonObject, bytes: number, media: Media): void {
  media.parts += 1;
  media.bytes += bytes;
  const type = field(data, 'mimeType');
  if (typeof type === 'string' && type.toLowerCase().startsWith('audio/')) media.audioParts += 1;
}

/**
 * Refuses what names a thing that is stored at the provider. Tenants share an account there, so that such a name could be
 * another tenant's.
 */
function refuseStored(request: JsonObject): void {
  if (isNamed(field(request, 'cachedContent')))
    throw new Untranslatable(
      'cachedContent',
      'cachedContent names content that is stored at the provider, which this gateway does not serve',
    );
  objectsIn(request.tools).forEach((tool, index) => {
    for (const name of ['fileSearch', 'retrieval'])
      if (isNamed(field(tool, name)))
        throw new Untranslatable(
          `tools[${index}].${name}`,
          `tools[${index}].${name} reads documents that are stored at the provider, which this gateway does not serve`,
        );
  });
}

function isNamed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Returns a whole number of at least 1; null if absent. A number in a string is refused: only some servers would read it. */
function wholeOf(config: JsonObject, name: string, max: number): number | null {
  const value = field(config, name);
  if (value === undefined || value === null) return null;
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > max)
    throw new Untranslatable(`generationConfig.${name}`, `generationConfig.${name} must be a whole number from 1 to ${max}`);
  return value as number;
}
