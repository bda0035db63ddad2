/** Answers with pictures and sound, which pass to the client while they arrive. */

import { addUsage } from '../../domain/usage/usage.ts';
import { parseEvents } from '../../lib/sse.ts';
import type { AnswerStream, MediaWire, RequestFacts, Wire } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { type Growing, noFacts, noteReport } from '../growing-facts.ts';
import { isObject, parseJson } from '../json.ts';
import { type EventReader, passingStream } from '../native/passing-stream.ts';
import { imageTokens, pictureIn } from './images.ts';
import { PictureScan } from './picture-scan.ts';
import { speechTokens } from './speech.ts';
import { transcriptionUsage } from './transcriptions.ts';

const EMPTY = Buffer.alloc(0);
const PLAIN_TYPE = /^[\w.+-]{1,40}\/[\w.+-]{1,60}(?:; ?[\w.+-]{1,20}=[\w.+-]{1,40})?$/;

/** Reports whether whole answers of a wire pass to the client while they arrive. Most are too large to be kept. */
export function passesWhole(wire: Wire): boolean {
  return wire === 'openai-speech' || hasPictures(wire);
}

/** Reports whether answers of a wire are JSON with pictures. */
export function hasPictures(wire: Wire): boolean {
  return wire === 'openai-images' || wire === 'openai-image-edits' || wire === 'openai-image-variations';
}

/** Returns the stream of an answer of this content type. */
export function mediaStream(wire: MediaWire, facts: RequestFacts, contentType: string): AnswerStream {
  if (contentType.includes('event-stream')) return passingStream(wire, mediaEventReader(wire, facts));
  return hasPictures(wire) ? pictureStream() : soundStream(facts, contentType);
}

/** The bytes of an answer without a form of its own for errors. Its last ones are held back until it has ended. */
function bareStream(contentType: string, facts: Growing, read: (chunk: Buffer) => void, ended: () => void): AnswerStream {
  let held: Buffer = EMPTY;
  return {
    isBare: true,
    contentType,
    push(chunk) {
      read(chunk);
      const before = held;
      held = chunk;
      return before;
    },
    end(how) {
      if (how.clean) ended();
      else facts.error = how.message;
      const last = held;
      held = EMPTY;
      return facts.complete ? last : EMPTY;
    },
    facts: () => facts,
  };
}

/** Sound has no end of its own. Its characters are known before, so they are charged whatever becomes of the answer. */
function soundStream({ beyond }: RequestFacts, contentType: string): AnswerStream {
  const facts = noFacts();
  const [asked] = beyond;
  facts.usage = asked?.is === 'pieces' ? { [asked.pieces.unit]: asked.pieces.most } : {};
  facts.usageIsFinal = true;
  facts.finishes = 1;
  const type = PLAIN_TYPE.test(contentType) ? contentType : 'application/octet-stream';
  return bareStream(
    type,
    facts,
    () => {},
    () => {
      facts.complete = true;
    },
  );
}

function pictureStream(): AnswerStream {
  const facts = noFacts();
  const scan = new PictureScan();
  return bareStream(
    'application/json',
    facts,
    (chunk) => scan.push(chunk),
    () => {
      facts.complete = scan.isWhole;
      if (!scan.isWhole) return;
      noteReport(facts, scan.reported());
      facts.usageIsFinal = facts.usage !== null;
      facts.picture = pictureIn({ quality: scan.texts.get('quality'), size: scan.texts.get('size') });
      facts.finishes = 1;
    },
  );
}

const COMPLETED: ReadonlySet<unknown> = new Set([
  'image_generation.completed',
  'image_edit.completed',
  'speech.audio.done',
  'transcript.text.done',
]);

/** Reads the events of one answer. Each finished picture reports its own usage. */
function mediaEventReader(wire: MediaWire, { answers }: RequestFacts): EventReader {
  const facts = noFacts();
  const note = (event: Readonly<Record<string, unknown>>) => {
    if (event.type === 'error') facts.error = inBandError(event) ?? 'the provider ended the stream with an error';
    if (!COMPLETED.has(event.type)) return;
    facts.finishes += 1;
    const isPicture = hasPictures(wire);
    const tokens = isPicture
      ? imageTokens(event.usage)
      : wire === 'openai-speech'
        ? speechTokens(event.usage)
        : transcriptionUsage(event);
    if (isPicture) facts.picture = pictureIn(event);
    if (tokens === 'implausible') facts.usageImplausible = true;
    else if (tokens !== null || isPicture)
      facts.usage = addUsage(facts.usage ?? {}, { ...tokens, ...(isPicture ? { image: 1 } : {}) });
    facts.usageIsFinal = facts.finishes >= answers && facts.usage !== null && !facts.usageImplausible;
    facts.complete = facts.finishes >= answers;
  };
  return {
    facts,
    read(events) {
      for (const { data } of parseEvents(events.toString('utf8'))) {
        // Partial pictures and pieces of sound are long, and say nothing of usage.
        if (data === null || !SAYS_MORE.test(data.slice(0, TYPE_CHARS_MAX) + data.slice(-TYPE_CHARS_MAX))) continue;
        const event = parseJson(data);
        if (isObject(event)) note(event);
      }
      return events;
    },
  };
}

const TYPE_CHARS_MAX = 2_000;
const SAYS_MORE =
  /"type"\s*:\s*"(?:image_generation\.completed|image_edit\.completed|speech\.audio\.done|transcript\.text\.done|error)"/;
