/** Requests that are forms with files. They are written anew for the provider, with its name for the model. */
import type { AnswerFacts, Exchange, ExchangeOptions, JsonObject, MediaWire, Wire } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { isObject, parseJson } from '../json.ts';
import { NOTHING_DROPPED } from '../losses.ts';
import { hasPictures, mediaStream } from './media-stream.ts';
import { filesOf, writeForm } from './multipart.ts';
import { subtitleSeconds } from './transcriptions.ts';
import { wholeMediaFacts } from './whole-facts.ts';

const FORMS: ReadonlySet<Wire> = new Set<MediaWire>([
  'openai-transcriptions',
  'openai-translations',
  'openai-image-edits',
  'openai-image-variations',
]);

/** Reports whether requests of a wire are forms. */
export function isForm(
  wire: Wire,
): wire is 'openai-transcriptions' | 'openai-translations' | 'openai-image-edits' | 'openai-image-variations' {
  return FORMS.has(wire);
}

/** Returns the exchange of a form. */
export function formExchange({ client, body, facts, upstreamModel }: ExchangeOptions): Exchange {
  if (!isForm(client)) throw new Error(`requests of ${client} are no forms`);
  const format = hasPictures(client) ? 'json' : body.response_format;
  // An answer in plain text reports no usage, so JSON is asked for and its text is passed on.
  const isText = format === 'text';
  const { bytes, contentType } = writeForm(
    { ...body, model: upstreamModel, ...(isText ? { response_format: 'json' } : {}) },
    filesOf(body),
  );
  return {
    upstreamBody: bytes,
    contentType,
    dropped: NOTHING_DROPPED,
    whole: (answer) => {
      if (format === 'srt' || format === 'vtt') return subtitles(answer, format);
      const said = wholeMediaFacts(client, answer);
      return isText
        ? { bytes: textIn(answer), contentType: 'text/plain; charset=utf-8', facts: said }
        : { bytes: answer, facts: said };
    },
    stream: (type = '') => mediaStream(client, facts, type),
  };
}

function subtitles(bytes: Buffer, format: 'srt' | 'vtt') {
  const seconds = subtitleSeconds(bytes.toString('utf8'));
  const facts: AnswerFacts = {
    usage: seconds === null ? null : { second_input: seconds },
    ...{ usageImplausible: false, usageIsFinal: seconds !== null, serviceTier: null, outputBytes: bytes.length },
    ...{ finishReason: null, finishes: 1, complete: true, error: null },
  };
  return { bytes, contentType: format === 'vtt' ? 'text/vtt; charset=utf-8' : 'application/x-subrip; charset=utf-8', facts };
}

function textIn(answer: Buffer): Buffer {
  const json = parseJson(answer.toString('utf8')) as JsonObject;
  if (!isObject(json) || typeof json.text !== 'string') throw new UnreadableAnswer('the provider answered without a text');
  return Buffer.from(`${json.text}\n`);
}
