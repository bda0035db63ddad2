import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyAttempt, anyEnd } from '../../test/support/any-record.ts';
import { givenBegin, givenEnd, givenEntry, lineBeforeUnits } from '../../test/support/records.ts';
import { attemptsText, parseAttempts } from '../domain/usage/attempt.ts';
import {
  ATTRIBUTION_MARK,
  END_FIELDS,
  ENTRY_FIELD_SEPARATOR,
  ENTRY_FIELDS,
  ENTRY_SEPARATOR,
  SHAPE_FIELDS,
  TAGS_MARK,
  TRIED_MARK,
} from '../domain/usage/settled-rows.ts';
import { FRAME_HEADER_BYTES, FrameBuffer } from './frames.ts';
import { endLine, FREE_TEXT_CHARS_MAX, LineWriter, shapeLine } from './lines.ts';
import { parseBegin, parseEnd, parseRepeat, parseShape } from './parse-lines.ts';
import type { EndRecord } from './records.ts';

/** The number of fields in a line of a request without tags: the tag fields are not written. */
const WITHOUT_TAGS = END_FIELDS.indexOf('tags');
/** The same of a request whose attempts are not listed. */
const WITHOUT_ATTEMPTS = END_FIELDS.indexOf('tried');
/** The same of a request that says nothing of its origin. */
const WITHOUT_ORIGIN = END_FIELDS.indexOf('attribution');

test('an end is read back as it was written, whatever callers and providers put into it', () => {
  fc.assert(
    fc.property(anyEnd, (end) => {
      expect(parseEnd(endLine(end))).toEqual(asKept(end));
    }),
  );
});

test('whatever is in a record, its line has exactly the fields the database expects, and no separator but ours', () => {
  fc.assert(
    fc.property(anyEnd, (end) => {
      const line = endLine(end);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      const fields = line.slice(0, -1).split('\t');
      const withoutAttempts = end.tagRoute === '' ? WITHOUT_TAGS : WITHOUT_ATTEMPTS;
      const withoutOrigin = end.tried === null ? withoutAttempts : WITHOUT_ORIGIN;
      const hasOrigin = Object.values(end.attribution ?? {}).some((name) => name !== null);
      expect(fields).toHaveLength(hasOrigin ? END_FIELDS.length : withoutOrigin);
      expect(line.includes(ATTRIBUTION_MARK)).toBe(hasOrigin);
      expect(line.includes(TAGS_MARK)).toBe(end.tagRoute !== '');
      expect(line.includes(TRIED_MARK)).toBe(end.tried !== null);
      const entries = fields[END_FIELDS.indexOf('entries')]?.split(ENTRY_SEPARATOR) ?? [];
      expect(entries.filter((text) => text !== '')).toHaveLength(end.entries.length);
      for (const text of entries) if (text !== '') expect(text.split(ENTRY_FIELD_SEPARATOR)).toHaveLength(ENTRY_FIELDS.length);
    }),
  );
});

test('fields stand in the order in which the database reads them', () => {
  const end = givenEnd({ requestId: 'req_7', organizationId: 'org_7', decision: 'why', count: 3, repeatIds: ['req_8', 'req_9'] });
  const fields = endLine(end).slice(0, -1).split('\t');
  const field = (name: (typeof END_FIELDS)[number]) => fields[END_FIELDS.indexOf(name)];
  expect(field('tag')).toBe('E');
  expect(field('request_id')).toBe('req_7');
  expect(field('organization_id')).toBe('org_7');
  expect(field('decision')).toBe('why');
  expect(field('repeat_ids')).toBe('req_8,req_9');
  const billed = { serviceTier: 'priority', unpricedUnits: 'search' };
  const entry = endLine(
    givenEnd({ entries: [givenEntry({ nanoUsd: 5, usage: { input: 1, audio_input: 2, output: 4, search: 9 }, ...billed })] }),
  );
  const entryFields = entry.split('\t')[END_FIELDS.indexOf('entries')]?.split(ENTRY_FIELD_SEPARATOR) ?? [];
  expect(entryFields[ENTRY_FIELDS.indexOf('input_tokens')]).toBe('1');
  expect(entryFields[ENTRY_FIELDS.indexOf('total_tokens')]).toBe('7');
  expect(entryFields[ENTRY_FIELDS.indexOf('other_usage')]).toBe('{"audio_input":2,"search":9}');
  expect(entryFields[ENTRY_FIELDS.indexOf('nano_usd')]).toBe('5');
  expect(entryFields.slice(ENTRY_FIELDS.indexOf('service_tier'))).toEqual(['priority', 'search']);
  expect(
    line((to) => to.shape('org_7', 'shape', '[]'))
      .slice(0, -1)
      .split('\t'),
  ).toHaveLength(SHAPE_FIELDS.length);
});

test('a line of the version before, whose entries say less, is read as one that says nothing of it', () => {
  const end = givenEnd({
    entries: [givenEntry({ usage: { input: 3, cache_write_1h: 4 } }), givenEntry({ attempt: 2, nanoUsd: null })],
  });
  const before = lineBeforeUnits(endLine(end));
  expect(before.length).toBe(endLine(end).length - 4);
  expect(parseEnd(before)).toEqual(end);
});

test('a version that knows no tags reads a line with tags as it ever did: they stand behind all that it reads', () => {
  const end = givenEnd({ tags: ['eu', 'project-x'], tagRoute: '1.tabc' });
  const fields = endLine(end).slice(0, -1).split('\t');
  expect(fields.slice(0, WITHOUT_TAGS)).toEqual(
    endLine({ ...end, tags: [], tagRoute: '' })
      .slice(0, -1)
      .split('\t'),
  );
  expect(fields.slice(WITHOUT_TAGS)).toEqual([`${TAGS_MARK}eu,project-x`, '1.tabc']);
});

test('a version that knows no attempts reads a line with them as it ever did: they stand behind all that it reads', () => {
  const [attempt] = fc.sample(anyAttempt, 1);
  if (attempt === undefined) throw new Error('no sample');
  for (const tags of [
    { tags: [], tagRoute: '' },
    { tags: ['eu'], tagRoute: '1.tabc' },
  ]) {
    const end = givenEnd({ ...tags, tried: [attempt] });
    const fields = endLine(end).slice(0, -1).split('\t');
    const before = endLine({ ...end, tried: null })
      .slice(0, -1)
      .split('\t');
    expect(fields.slice(0, WITHOUT_ATTEMPTS)).toEqual(Object.assign(Array(WITHOUT_ATTEMPTS).fill(''), before));
    expect(fields.slice(WITHOUT_ATTEMPTS)).toEqual([TRIED_MARK + attemptsText([attempt])]);
  }
});

test('a version that knows no origin reads a line with one as it ever did; without one a line has no byte more', () => {
  const attribution = { endUser: 'Łucja', session: null, client: 'codex' } as const;
  const nothing = { endUser: null, session: null, client: null };
  const [attempt] = fc.sample(anyAttempt, 1);
  if (attempt === undefined) throw new Error('no sample');
  for (const more of [{}, { tags: ['eu'], tagRoute: '1.tabc' }, { tried: [attempt] }]) {
    const end = givenEnd({ ...more, attribution });
    const fields = endLine(end).slice(0, -1).split('\t');
    const { attribution: _, ...without } = end;
    expect(endLine({ ...end, attribution: nothing })).toBe(endLine(without));
    const before = endLine(without).slice(0, -1).split('\t');
    expect(fields.slice(0, WITHOUT_ORIGIN)).toEqual(Object.assign(Array(WITHOUT_ORIGIN).fill(''), before));
    expect(fields.slice(WITHOUT_ORIGIN)).toEqual([
      `${ATTRIBUTION_MARK}Łucja${ENTRY_FIELD_SEPARATOR}${ENTRY_FIELD_SEPARATOR}codex`,
    ]);
  }
});

test('a begin, a shape and a repeat are read back as they were written', () => {
  const begin = givenBegin({ clientRequestId: 'mine', endpoint: 'messages', stream: true, attempts: 2, decision: 'why' });
  expect(parseBegin(line((to) => to.begin(begin)))).toEqual(begin);
  const tagged = { ...begin, tags: ['eu', 'a:b'], tagRoute: '1.tabc' };
  expect(parseBegin(line((to) => to.begin(tagged)))).toEqual(tagged);
  const attribution = { endUser: null, session: 's-1', client: null };
  for (const one of [begin, tagged])
    expect(parseBegin(line((to) => to.begin({ ...one, attribution })))).toEqual({ ...one, attribution });
  expect(parseShape(shapeLine('org_1', 'abc', '[{"id":"org_rpm"}]'))).toEqual({
    organizationId: 'org_1',
    shapeId: 'abc',
    rulesJson: '[{"id":"org_rpm"}]',
  });
  expect(parseRepeat(line((to) => to.repeat('req_2', 'req_1')))).toEqual({ requestId: 'req_2', sharedId: 'req_1' });
});

test('a line feed in a decision begins no other line', () => {
  const line = endLine(givenEnd({ decision: 'a\nE\tforged\t' }));
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(line.split('\t')).toHaveLength(WITHOUT_TAGS);
});

test('durations that no column takes stop at its bounds', () => {
  const end = parseEnd(endLine(givenEnd({ gatewayUs: 1e12, providerMs: -1, firstTokenMs: 1.6 })));
  expect(end).toMatchObject({ gatewayUs: 2 ** 31 - 1, providerMs: 0, firstTokenMs: 2 });
});

test('records of one key and one deployment that differ in anything else are not taken for each other', () => {
  const writer = new FrameBuffer();
  const lines = new LineWriter(writer);
  const changes = [
    {},
    { calledName: 'other' },
    { teamId: 'team_02' },
    { memberId: 'mem_01' },
    { serviceAccountId: null },
    { organizationId: 'org_02' },
  ];
  const entries = [{}, { priceId: null }, { kind: 'estimated' as const }, { provider: 'anthropic' }, { upstreamModel: 'other' }];
  for (const change of [...changes, ...changes]) {
    for (const entry of entries) {
      const end = givenEnd({ ...change, entries: [givenEntry(entry)] });
      const at = lines.end(end) + FRAME_HEADER_BYTES;
      expect(parseEnd(writer.bytes.toString('utf8', at, writer.length))).toEqual(end);
    }
  }
});

function line(write: (to: LineWriter) => void): string {
  const buffer = new FrameBuffer();
  write(new LineWriter(buffer));
  return buffer.bytes.toString('utf8', FRAME_HEADER_BYTES, buffer.length);
}

/** Returns an end as the journal keeps it: control characters become U+FFFD, free text is cut, empty values are left out. */
function asKept(end: EndRecord): EndRecord {
  const free = (text: string) => Buffer.from(text.slice(0, FREE_TEXT_CHARS_MAX).replace(/\p{Cc}/gu, '\ufffd')).toString('utf8');
  const freeOrNull = (text: string | null) => (text === null ? null : free(text));
  return {
    ...end,
    calledName: free(end.calledName),
    clientRequestId: freeOrNull(end.clientRequestId),
    code: freeOrNull(end.code),
    param: freeOrNull(end.param),
    finishReason: freeOrNull(end.finishReason),
    entries: end.entries.map((entry) => ({
      ...entry,
      upstreamModel: free(entry.upstreamModel),
      serviceTier: freeOrNull(entry.serviceTier ?? null),
      unpricedUnits: freeOrNull(entry.unpricedUnits ?? null),
      usage: Object.fromEntries(Object.entries(entry.usage).filter(([, tokens]) => tokens !== 0)),
    })),
    tried: end.tried ? parseAttempts(attemptsText(end.tried)) : null,
    attribution: {
      endUser: freeOrNull(end.attribution?.endUser ?? null),
      session: freeOrNull(end.attribution?.session ?? null),
      client: end.attribution?.client ?? null,
    },
  };
}
