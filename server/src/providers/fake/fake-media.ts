/** Answers of the fake provider to requests that are no conversation. The same request always gets the same answer. */
import type { Wire } from '../../dialects/dialect.ts';
import { FormReader, type FormTaker, FormTexts, isForm, silentWav, wavSeconds } from '../../dialects/exchange.ts';
import type { StreamedBytes } from '../../lib/pieces.ts';
import { json } from './fake-chat.ts';
import { hashOf, promptTokensOf } from './fake-text.ts';

type Body = Readonly<Record<string, unknown>>;
/** `contentType`: absent for JSON. `events`: a stream of them. */
export type Made =
  | { readonly bytes: Buffer; readonly contentType?: string }
  | { readonly events: readonly Buffer[] }
  | { readonly problem: string; readonly param: string };

const UNIT_DOCUMENTS = 100;

/** Returns the answer to a form, whose content type is given; null on any other wire. */
export function fakeForm(wire: Wire, bytes: Buffer, contentType: string): Made | null {
  if (!isForm(wire)) return null;
  const form = new FormHeads();
  const reader = new FormReader(contentType, form);
  reader.push(bytes);
  reader.end();
  return answerTo(wire, form);
}

/** Returns the same for a form that is not in memory. Rejects if it can no longer be read. */
export async function fakeStreamedForm(wire: Wire, body: StreamedBytes, contentType: string): Promise<Made> {
  const form = new FormHeads();
  const reader = new FormReader(contentType, form);
  for await (const piece of body.read()) reader.push(piece);
  reader.end();
  return answerTo(wire, form);
}

function answerTo(wire: Wire, { fields, files }: FormHeads): Made {
  if (wire !== 'openai-image-edits' && wire !== 'openai-image-variations') return transcription(fields, files[0]);
  // A variation has no prompt.
  const prompt = wire === 'openai-image-edits' ? fields.prompt : 'Vary it.';
  return pictures({ ...fields, prompt, n: Number(fields.n ?? 1), stream: fields.stream === 'true' });
}

interface FileBeginning {
  readonly beginning: Buffer;
  readonly length: number;
}

/** The texts of a form, and the beginning of each file. */
class FormHeads extends FormTexts implements FormTaker {
  readonly files: FileBeginning[] = [];

  fileBegins(): void {
    this.files.push({ beginning: Buffer.alloc(0), length: 0 });
  }

  fileBytes(bytes: Buffer): void {
    const { beginning, length } = this.files.at(-1) as FileBeginning;
    const more = bytes.subarray(0, BEGINNING_BYTES - beginning.length);
    this.files[this.files.length - 1] = { beginning: Buffer.concat([beginning, more]), length: length + bytes.length };
  }

  fileEnds(): void {}
}

const BEGINNING_BYTES = 64;

/** Returns the answer on such a wire; null on any other. */
export function fakeMedia(wire: Wire, body: Body, model: string): Made | null {
  if (wire === 'cohere-rerank') return rerank(body, model);
  if (wire === 'openai-images') return pictures(body);
  if (wire === 'openai-speech') return speech(body);
  return wire === 'openai-moderations' ? moderation(body, model) : null;
}

/** Puts documents in order by the words that they share with the query, and bills one unit for each 100 of them. */
function rerank({ query, documents, top_n: topN }: Body, model: string): Made {
  if (typeof query !== 'string' || !Array.isArray(documents))
    return { problem: "'query' and 'documents' are required", param: 'query' };
  const words = new Set(wordsOf(query));
  const results = documents
    .map((document: unknown, index) => ({ index, relevance_score: scoreOf(textOf(document), words) }))
    .sort((one, other) => other.relevance_score - one.relevance_score || one.index - other.index)
    .slice(0, typeof topN === 'number' ? topN : documents.length);
  const units = Math.ceil(documents.length / UNIT_DOCUMENTS);
  const meta = { api_version: { version: '2' }, billed_units: { search_units: units } };
  return { bytes: json({ id: `rerank-fake-${hashOf(query).toString(36)}`, model, results, meta }) };
}

/** Flags a text that contains the word `kill`. */
function moderation({ input }: Body, model: string): Made {
  const inputs = Array.isArray(input) ? input.map(textOf) : [textOf(input)];
  const results = inputs.map((text) => {
    const flagged = /\bkill\b/i.test(text);
    return { flagged, categories: { violence: flagged }, category_scores: { violence: flagged ? 0.97 : 0.0001 } };
  });
  return { bytes: json({ id: `modr-fake-${hashOf(inputs.join()).toString(36)}`, model, results }) };
}

/** The smallest PNG: one pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PICTURE_TOKENS = 272;

/** Makes pictures of one pixel, and bills each for 272 tokens, as OpenAI bills its cheapest. */
function pictures({ prompt, n, stream, partial_images: partial, size, quality }: Body): Made {
  if (typeof prompt !== 'string') return { problem: "'prompt' must be a string", param: 'prompt' };
  const count = typeof n === 'number' ? n : 1;
  const usage = (made: number) => {
    const input = promptTokensOf(prompt.length);
    const output = made * PICTURE_TOKENS;
    return { input_tokens: input, output_tokens: output, total_tokens: input + output };
  };
  const about = { size: size ?? '1024x1024', quality: quality ?? 'low', output_format: 'png' };
  if (stream !== true) {
    const data = Array.from({ length: count }, () => ({ b64_json: PNG }));
    return { bytes: json({ created: 1_700_000_000, data, ...about, usage: usage(count) }) };
  }
  const partials = Array.from({ length: typeof partial === 'number' ? partial : 0 }, (_, index) =>
    event({ type: 'image_generation.partial_image', b64_json: PNG, partial_image_index: index, ...about }),
  );
  const finished = Array.from({ length: count }, () =>
    event({ type: 'image_generation.completed', b64_json: PNG, ...about, usage: usage(1) }),
  );
  return { events: [...partials, ...finished] };
}

const CHARACTERS_PER_SECOND = 15;
const SAMPLES_PER_SECOND = 16_000;

/** Speaks in silence, for as long as the text would take, as an uncompressed WAV file. */
function speech({ input, stream_format: format }: Body): Made {
  if (typeof input !== 'string') return { problem: "'input' must be a string", param: 'input' };
  const samples = Math.ceil((input.length / CHARACTERS_PER_SECOND) * SAMPLES_PER_SECOND);
  const sound = silentWav(samples);
  if (format !== 'sse') return { bytes: sound, contentType: 'audio/wav' };
  const tokens = promptTokensOf(input.length);
  const usage = { input_tokens: tokens, output_tokens: tokens * 10, total_tokens: tokens * 11 };
  return {
    events: [event({ type: 'speech.audio.delta', audio: sound.toString('base64') }), event({ type: 'speech.audio.done', usage })],
  };
}

/** Hears nothing but how long the recording is: one word for each second. */
function transcription(form: Body, file: FileBeginning | undefined): Made {
  if (file === undefined) return { problem: "'file' is required", param: 'file' };
  const seconds = Math.ceil(wavSeconds(file.beginning, file.length) ?? file.length / UNKNOWN_BYTES_PER_SECOND);
  const text = Array.from({ length: Math.min(seconds, WORDS_MAX) }, () => 'silence').join(' ');
  const usage = { type: 'duration', seconds };
  if (form.response_format === 'srt')
    return { bytes: Buffer.from(`1\n00:00:00,000 --> ${clockOf(seconds)},000\n${text}\n`), contentType: 'text/plain' };
  if (form.response_format === 'vtt')
    return { bytes: Buffer.from(`WEBVTT\n\n00:00:00.000 --> ${clockOf(seconds)}.000\n${text}\n`), contentType: 'text/vtt' };
  if (form.stream === 'true')
    return {
      events: [event({ type: 'transcript.text.delta', delta: text }), event({ type: 'transcript.text.done', text, usage })],
    };
  const verbose = { task: 'transcribe', language: 'english', duration: seconds, segments: [] };
  return { bytes: json({ text, ...(form.response_format === 'verbose_json' ? verbose : {}), usage }) };
}

const UNKNOWN_BYTES_PER_SECOND = 16_000;
const WORDS_MAX = 1_000;

function clockOf(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function event(value: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { text } = (value ?? {}) as { text?: unknown };
  return typeof text === 'string' ? text : '';
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Returns the part of the query's words that the text contains, from 0 to 1. */
function scoreOf(text: string, words: ReadonlySet<string>): number {
  if (words.size === 0) return 0;
  const found = new Set(wordsOf(text));
  return Number(([...words].filter((word) => found.has(word)).length / words.size).toFixed(6));
}
