import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChainLink, canonicalJson, chainHash, GENESIS_HASH, type Json, verifyChain } from './audit-chain.ts';

function chainOf(events: readonly Json[]): ChainLink[] {
  let previous = GENESIS_HASH;
  return events.map((event) => {
    previous = chainHash(previous, event);
    return { event, hash: previous };
  });
}

const events = fc.array(fc.record({ action: fc.string(), diff: fc.jsonValue() as fc.Arbitrary<Json> }), {
  minLength: 2,
  maxLength: 12,
});

describe('an untouched chain', () => {
  test('is intact, and so is each part of it from where the part before ended', () => {
    fc.assert(
      fc.property(events, fc.nat(), (list, at) => {
        const links = chainOf(list);
        const head = links.at(-1)?.hash as string;
        expect(verifyChain(links, { headHash: head })).toEqual({ is: 'intact', length: links.length, headHash: head });
        const cut = at % links.length;
        const startHash = cut === 0 ? GENESIS_HASH : (links[cut - 1]?.hash as string);
        expect(verifyChain(links.slice(cut), { startHash, headHash: head }).is).toBe('intact');
      }),
    );
  });

  test('survives a store that orders keys anew', () => {
    const [link] = chainOf([{ b: 1, a: { d: [1, 2], c: null } }]);
    expect(verifyChain([{ event: { a: { c: null, d: [1, 2] }, b: 1 }, hash: (link as ChainLink).hash }]).is).toBe('intact');
  });

  test('an empty chain is intact', () => {
    expect(verifyChain([])).toEqual({ is: 'intact', length: 0, headHash: GENESIS_HASH });
  });
});

describe('a touched chain', () => {
  const index = (links: ChainLink[], headHash?: string) => {
    const verdict = verifyChain(links, headHash === undefined ? {} : { headHash });
    return verdict.is === 'broken' ? verdict.index : null;
  };

  test('an edited event is found where it is', () => {
    fc.assert(
      fc.property(events, fc.nat(), (list, pick) => {
        const links = chainOf(list);
        const at = pick % links.length;
        links[at] = { ...(links[at] as ChainLink), event: { edited: (links[at] as ChainLink).event } };
        expect(index(links)).toBe(at);
      }),
    );
  });

  test('an edited event with its hash made to fit is found at the next link, or by the head', () => {
    fc.assert(
      fc.property(events, fc.nat(), (list, pick) => {
        const links = chainOf(list);
        const head = links.at(-1)?.hash as string;
        const at = pick % links.length;
        const event = { edited: (links[at] as ChainLink).event };
        links[at] = { event, hash: chainHash(at === 0 ? GENESIS_HASH : (links[at - 1]?.hash as string), event) };
        expect(index(links, head)).toBe(at + 1);
      }),
    );
  });

  test('a removed row is found where it was, the last one by the head', () => {
    fc.assert(
      fc.property(events, fc.nat(), (list, pick) => {
        const links = chainOf(list);
        const head = links.at(-1)?.hash as string;
        const at = pick % links.length;
        links.splice(at, 1);
        expect(index(links, head)).toBe(at);
      }),
    );
  });

  test('two swapped rows are found at the first of them', () => {
    fc.assert(
      fc.property(events, fc.nat(), (list, pick) => {
        const links = chainOf(list);
        const at = pick % (links.length - 1);
        [links[at], links[at + 1]] = [links[at + 1] as ChainLink, links[at] as ChainLink];
        expect(index(links)).toBe(at);
      }),
    );
  });

  test('a row put in is found where it stands', () => {
    const links = chainOf(['a', 'b', 'c']);
    links.splice(1, 0, { event: 'x', hash: chainHash(GENESIS_HASH, 'x') });
    expect(index(links)).toBe(1);
  });
});

describe('canonical text', () => {
  test('reads back as the same value, and the order of keys does not matter', () => {
    fc.assert(
      fc.property(fc.jsonValue() as fc.Arbitrary<Json>, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1])(
    '%s cannot be said and is not silently dropped',
    (value) => {
      expect(() => canonicalJson({ a: [value as unknown as Json] })).toThrow(RangeError);
    },
  );
});
