import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from './dialect.ts';
import { readTags } from './read-tags.ts';

const BODY = { model: 'fast', messages: [] } as const satisfies JsonObject;

const withMetadata = (metadata: unknown): JsonObject => ({ model: 'fast', metadata, messages: [] });

function tagsOf(header: string | undefined, body: JsonObject = BODY) {
  const read = readTags(header, body);
  return read === null ? 'nothing' : read.ok ? read.tags : read.problem.param;
}

// promise: A request may name tags
describe('the tags of a request', () => {
  test('are nothing where it has neither', () => {
    expect(readTags(undefined, BODY)).toBeNull();
    expect(readTags(undefined, withMetadata({ user: 'u' }))).toBeNull();
  });

  test.each([
    ['one', 'eu', ['eu']],
    ['several, with spaces', 'eu, gpu\t,\ta.b_c:d-e', ['eu', 'gpu', 'a.b_c:d-e']],
    ['each once', 'eu,eu', ['eu']],
    ['empty ones do not count', ',eu,,', ['eu']],
    ['an empty header names none', '', null],
    ['eight', '1,2,3,4,5,6,7,8', ['1', '2', '3', '4', '5', '6', '7', '8']],
    ['eight of which some twice', '1,2,3,4,5,6,7,8,8,1', ['1', '2', '3', '4', '5', '6', '7', '8']],
  ])('in the header: %s', (_name, header, tags) => {
    expect(tagsOf(header)).toEqual(tags);
  });

  test('in the body’s metadata, which then goes without them, in its place and otherwise as it came', () => {
    const read = readTags(undefined, withMetadata({ a: 1, tags: ['eu', 'eu'], b: 2 }));
    expect(read).toMatchObject({ ok: true, tags: ['eu'] });
    expect(read?.ok === true && JSON.stringify(read.body)).toBe('{"model":"fast","metadata":{"a":1,"b":2},"messages":[]}');
  });

  test('a metadata with nothing else in it goes as a whole', () => {
    const read = readTags(undefined, withMetadata({ tags: [] }));
    expect(read).toEqual({ ok: true, tags: null, body: BODY });
  });

  test('of both are those of both, the header’s first', () => {
    expect(tagsOf('eu,x', withMetadata({ tags: ['x', 'gpu'] }))).toEqual(['eu', 'x', 'gpu']);
  });
});

// promise: `metadata.tags` counts only
test.each([
  ['a text', { tags: 'eu' }],
  ['an object', { tags: { eu: true } }],
  ['an array with something else in it', { tags: ['eu', 1] }],
  ['null', { tags: null }],
  ['a metadata that is no object', ['tags']],
])('%s is not ours: it passes as it is', (_name, metadata) => {
  expect(readTags(undefined, withMetadata(metadata))).toBeNull();
  const body = withMetadata(metadata);
  const read = readTags('eu', body);
  expect(read).toEqual({ ok: true, tags: ['eu'], body });
  expect(read?.ok === true && read.body === body).toBe(true);
});

// promise: A request names at most 8 tags
describe('what is no tag is refused, naming `tags`', () => {
  test.each([
    ['nine', '1,2,3,4,5,6,7,8,9'],
    ['a space inside', 'e u'],
    ['a slash', 'eu/west'],
    ['a letter that is not ASCII', 'eü'],
    ['a space that is not ASCII', 'eu\u00a0'],
    ['65 characters', 'x'.repeat(65)],
  ])('%s', (_name, header) => {
    expect(tagsOf(header)).toBe('tags');
    expect(tagsOf(undefined, withMetadata({ tags: header.split(',') }))).toBe('tags');
  });

  test('nine in header and body together, and an empty one in the body', () => {
    expect(tagsOf('1,2,3,4,5', withMetadata({ tags: ['6', '7', '8', '9'] }))).toBe('tags');
    expect(tagsOf(undefined, withMetadata({ tags: [''] }))).toBe('tags');
  });
});

test('whatever is named is either refused or at most 8 tags of the right form, each once', () => {
  const anyHeader = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.stringMatching(/^[a-c., ]{0,40}$/));
  fc.assert(
    fc.property(fc.option(anyHeader, { nil: undefined }), fc.jsonValue(), (header, tags) => {
      const read = readTags(header, withMetadata({ tags }));
      if (read === null || !read.ok || read.tags === null) return;
      expect(read.tags.length).toBeLessThanOrEqual(8);
      expect(new Set(read.tags).size).toBe(read.tags.length);
      expect(read.tags.every((tag) => /^[A-Za-z0-9._:-]{1,64}$/.test(tag))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
