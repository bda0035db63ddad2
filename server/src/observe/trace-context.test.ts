import { expect, test } from 'vitest';
import { traceContextOf, traceHeaders } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const PARENT = `00-${TRACE}-${SPAN}-01`;

const read = (traceparent: string | undefined, tracestate?: string) =>
  traceContextOf({ header: (name) => (name === 'traceparent' ? traceparent : name === 'tracestate' ? tracestate : undefined) });

test('a well-formed trace is taken over as it came', () => {
  expect(read(PARENT, 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7')).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    flags: 1,
    state: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
  });
  expect(read(undefined, 'congo=1')).toBeNull();
});

test.each([
  ['upper case', PARENT.toUpperCase()],
  ['no trace id', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['no span id', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['a version that is none', `ff-${TRACE}-${SPAN}-01`],
  ['more than version 00 says', `${PARENT}-more`],
  ['two of them', `${PARENT}, ${PARENT}`],
  ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['something else', 'Bearer sk-hg-secret'],
  ['a line break', `${PARENT}\r\nx: y`],
  ['nothing', ''],
])('a malformed traceparent is dropped with its state: %s', (_what, traceparent) => {
  expect(read(traceparent, 'congo=1')).toBeNull();
});

test('of a later version what version 00 knows is passed on', () => {
  const context = read(`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`);
  expect(context).toMatchObject({ traceId: TRACE, spanId: SPAN });
  expect(traceHeaders(TRACE, SPAN, 0xff, '')).toEqual(['traceparent', `00-${TRACE}-${SPAN}-03`]);
  expect(traceHeaders(TRACE, SPAN, 1, 'a=b')).toEqual(['traceparent', PARENT, 'tracestate', 'a=b']);
});

test.each([
  ['spaces around its members', ' a=1 , b=2 ', 'a=1,b=2'],
  ['a vendor of a tenant', 'fw529a3039@dt=FfAAAAE', 'fw529a3039@dt=FfAAAAE'],
  ['empty members', 'a=1,,b=2', 'a=1,b=2'],
  ['no value', 'a', ''],
  ['an upper-case key', 'A=1', ''],
  ['an equals sign in a value', 'a=b=c', ''],
  ['a control character', 'a=\u0000', ''],
  ['too many members', Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(','), ''],
  ['too many characters', `a=${'x'.repeat(256)},b=${'x'.repeat(256)}`, ''],
])('a state with %s', (_what, state, expected) => {
  expect(read(PARENT, state)?.state).toBe(expected);
});
