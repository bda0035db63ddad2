import type { JsonObject } from '../dialect.ts';
import { isObject, objectOr } from '../json.ts';
import { believed, countOf, isCount, type Reported } from '../plausible.ts';
import { BadField, type MediaFacts } from './fields.ts';
import { filesOf } from './multipart.ts';

/** The fewest bytes that a second of speech takes in any format in use: 4 kbit/s. */
const SECOND_BYTES_MIN = 500;
/** The bytes that a second usually takes: 128 kbit/s. */
const SECOND_BYTES_USUAL = 16_000;
const FORMATS: ReadonlySet<unknown> = new Set([undefined, 'json', 'text', 'srt', 'verbose_json', 'vtt', 'diarized_json']);
/** The longest recording that is believed, in seconds. */
const SECONDS_MAX = 1_000_000;

/**
 * Returns the facts of a recording to write down. Nothing says how long it is but its bytes, so its seconds are bounded by them: a
 * header could lie.
 */
export function transcriptionFacts(body: JsonObject): MediaFacts {
  const files = filesOf(body);
  const [file] = files;
  if (file === undefined || files.length > 1 || file.field !== 'file' || file.bytes.length === 0)
    throw new BadField('file', 'file must be one file that is not empty, sent as a part with a file name');
  if (!FORMATS.has(body.response_format)) throw new BadField('response_format', 'response_format is none that is known');
  const { length } = file.bytes;
  return {
    stream: formBoolean(body, 'stream'),
    mediaParts: 1,
    mediaBytes: length,
    beyond: [
      {
        is: 'pieces',
        param: 'file',
        pieces: {
          unit: 'second_input',
          most: Math.ceil(length / SECOND_BYTES_MIN),
          usual: Math.ceil(length / SECOND_BYTES_USUAL),
          orTokens: 'audio_input',
        },
      },
    ],
  };
}

/** Returns a boolean of a form, whose values are texts. Throws BadField. */
export function formBoolean(body: JsonObject, param: string): boolean {
  const value = body[param];
  if (value === undefined || value === 'false') return false;
  if (value !== 'true') throw new BadField(param, `${param} must be true or false`);
  return true;
}

/** Reads the seconds or the tokens of a recording that was written down. Vendors have several names for seconds. */
export function transcriptionUsage(answer: JsonObject): Reported {
  const usage = objectOr(answer.usage);
  const seconds = usage.seconds ?? usage.prompt_audio_seconds ?? answer.duration;
  const tokens = transcriptionTokens(usage);
  if (tokens === 'implausible') return tokens;
  if ((seconds ?? null) === null) return tokens;
  if (typeof seconds !== 'number' || !(seconds >= 0) || seconds > SECONDS_MAX) return 'implausible';
  return { ...tokens, second_input: Math.ceil(seconds) };
}

function transcriptionTokens(usage: JsonObject): Reported {
  const { input_tokens: input = usage.prompt_tokens, output_tokens: output = usage.completion_tokens } = usage;
  if ((input ?? output ?? null) === null) return null;
  const { audio_tokens: audio } = objectOr(usage.input_token_details);
  if (![input, output, audio].every((count) => isCount(count))) return 'implausible';
  // Without details, all input counts as the dearer kind.
  const heard = isObject(usage.input_token_details) ? Math.min(countOf(audio), countOf(input)) : countOf(input);
  return believed({ input: countOf(input) - heard, audio_input: heard, output: countOf(output) });
}

/** Returns the seconds up to the end of the last subtitle of SubRip or WebVTT; null if there is none. */
export function subtitleSeconds(text: string): number | null {
  let last: number | null = null;
  for (const [, hours = '0', minutes, seconds] of text.matchAll(/-->\s*(?:(\d{1,3}):)?(\d{2}):(\d{2}[.,]\d{3})/g)) {
    const end = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds?.replace(',', '.'));
    last = Math.max(last ?? 0, end);
  }
  return last === null ? null : Math.ceil(last);
}
