import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsIn } from '../../test/support/event-stream.ts';
import { EventFramer, EventTooLarge, eventAround, parseEvents } from './sse.ts';

const framer = (eventBytesMax = 1000) => new EventFramer({ eventBytesMax });

describe('EventFramer', () => {
  it('gives back the very chunk when it begins and ends between events', () => {
    const chunk = Buffer.from('data: 1\n\ndata: 2\n\n');
    expect(framer().push(chunk)).toBe(chunk);
  });

  it('keeps an unfinished event until its blank line came', () => {
    const f = framer();
    expect(f.push(Buffer.from('data: 1\n\nda')).toString()).toBe('data: 1\n\n');
    expect(f.push(Buffer.from('ta: 2')).length).toBe(0);
    expect(f.push(Buffer.from('\n\n')).toString()).toBe('data: 2\n\n');
    expect(f.rest().length).toBe(0);
  });

  it('refuses to keep more than its bound', () => {
    const f = framer(10);
    f.push(Buffer.from('data: 123'));
    expect(() => f.push(Buffer.from('45678'))).toThrow(EventTooLarge);
  });

  it('loses and doubles no byte and reads the same events however the stream is split, for every line ending', () => {
    const event = fc.record({
      name: fc.option(fc.constantFrom('message_start', 'ping')),
      data: fc.string({ unit: 'grapheme', maxLength: 20 }),
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(200)),
        (events, eol, cuts) => {
          const clean = events.map(({ name, data }) => ({ name, data: data.replace(/[\r\n]/g, ' ') }));
          const text = clean
            .map(({ name, data }) => `${name === null ? '' : `event: ${name}${eol}`}data: ${data}${eol}${eol}`)
            .join('');
          const f = framer(10_000);
          const out = split(Buffer.from(text), cuts).map((chunk) => f.push(chunk));
          expect(out.every((whole) => whole.length === 0 || /(\n\n|\r\n\r\n|\r\r)$/.test(whole.toString('latin1')))).toBe(true);
          expect(Buffer.concat([...out, f.rest()]).toString()).toBe(text);
          const read = out.flatMap((whole) => parseEvents(whole.toString('utf8')));
          expect(read).toEqual(clean);
          expect(read).toEqual(eventsIn(text).map(({ event = null, data }) => ({ name: event, data })));
        },
      ),
    );
  });
});

describe('parseEvents', () => {
  it('joins data lines, reads names, skips comments and accepts a last event without its blank line', () => {
    expect(parseEvents(': hi\n\nevent: a\ndata: 1\ndata:2\n\ndata: [DONE]')).toEqual([
      { name: 'a', data: '1\n2' },
      { name: null, data: '[DONE]' },
    ]);
  });
});

describe('eventAround', () => {
  it('finds the extent of one event, blank line included', () => {
    const text = 'data: 1\n\ndata: x\n\ndata: 3\n\n';
    const { start, end } = eventAround(text, text.indexOf('x'));
    expect(text.slice(start, end)).toBe('data: x\n\n');
  });
});

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length)).filter((piece) => piece.length > 0);
}
