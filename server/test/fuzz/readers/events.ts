/** Server-sent events in any pieces: no byte is lost or doubled, what is given out ends with a whole event, and little is kept. */
import { isDeepStrictEqual } from 'node:util';
import { EventFramer, EventTooLarge, parseEvents, type SseEvent } from '../../../src/lib/sse.ts';
import { Random } from '../../simulation/random.ts';
import { anyText, mutateBytes } from '../hostile-json.ts';
import { fuzzOf } from './reader.ts';

const EVENT_BYTES_MAX = 2_000;
const WHOLE = /(\n\n|\n\r\n|\r\r)$/;

type Framer = Pick<EventFramer, 'push' | 'rest'>;

export const events = (open: (eventBytesMax: number) => Framer = (eventBytesMax) => new EventFramer({ eventBytesMax })) =>
  fuzzOf('events', 500, (seed) => {
    const random = new Random(seed);
    const { bytes, meant } = drawStream(random);
    const isHostile = random.chance(0.5);
    const stream = isHostile ? mutateBytes(bytes, random) : bytes;
    const framer = open(EVENT_BYTES_MAX);
    const given: Buffer[] = [];
    try {
      for (const piece of piecesOf(stream, random)) given.push(framer.push(piece));
    } catch (error) {
      if (!(error instanceof EventTooLarge)) throw error;
      return longestEvent(stream) > EVENT_BYTES_MAX ? null : `no event is too large: ${shown(stream)}`;
    }
    const rest = framer.rest();
    if (rest.length > EVENT_BYTES_MAX) return `${rest.length} bytes were kept`;
    if (!Buffer.concat([...given, rest]).equals(stream)) return `bytes were lost or doubled: ${shown(stream)}`;
    const cut = given.find((whole) => whole.length > 0 && !WHOLE.test(whole.toString('latin1')));
    if (cut !== undefined) return `it was cut within an event: ${shown(cut)}`;
    const read = given.flatMap((whole) => parseEvents(whole.toString()));
    return isHostile || isDeepStrictEqual(read, meant) ? null : `${JSON.stringify(read)} was read: ${shown(stream)}`;
  });

function drawStream(random: Random): { readonly bytes: Buffer; readonly meant: SseEvent[] } {
  const eol = random.pick(['\n', '\r\n', '\r']);
  const meant: SseEvent[] = [];
  let text = '';
  for (let left = random.whole(0, 6); left > 0; left -= 1) {
    if (random.chance(0.2)) text += `: ${random.pick(['ping', 'data: x', ''])}${eol}${eol}`;
    const name = random.chance(0.4) ? random.pick(['message_start', 'ping', 'error']) : null;
    const lines = Array.from({ length: random.whole(1, 3) }, () =>
      anyText(random, random.chance(0.05) ? 900 : 30)
        .replace(/[\r\n]/g, ' ')
        .toWellFormed(),
    );
    text += `${name === null ? '' : `event: ${name}${eol}`}${lines.map((line) => `data: ${line}${eol}`).join('')}${eol}`;
    meant.push({ name, data: lines.join('\n') });
  }
  return { bytes: Buffer.from(text), meant };
}

function piecesOf(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  const most = random.pick([1, 3, 20, 500]);
  for (let at = 0; at < bytes.length; ) {
    const size = random.whole(1, most);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** The most bytes between two blank lines, both ends left out. */
function longestEvent(stream: Buffer): number {
  return (
    Math.max(
      ...stream
        .toString('latin1')
        .split(/\n\n|\n\r\n|\r\r/)
        .map(({ length }) => length),
    ) + 4
  );
}

const shown = (bytes: Buffer) => JSON.stringify(bytes.toString('latin1').slice(0, 400));
