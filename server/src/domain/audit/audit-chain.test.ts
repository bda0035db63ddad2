import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AuditKey,
  type ChainFault,
  type ChainLink,
  ChainWalk,
  canonicalJson,
  chainHash,
  chainMac,
  GENESIS_HASH,
  type Json,
} from './audit-chain.ts';

const CHAIN = 'org_1';
const UNTIL_MS = 1_000;
const fresh: AuditKey = { key: Buffer.alloc(32, 7), unkeyedUntilMs: 0, isReplaced: false };
const upgraded: AuditKey = { ...fresh, unkeyedUntilMs: UNTIL_MS };

interface Written {
  readonly event: Json;
  readonly atMs: number;
  readonly isKeyed: boolean;
}

/** A chain as its writers make it. With `key` null: as somebody can write it who has access to the database alone. */
function chainOf(written: readonly Written[], key: Buffer | null = fresh.key, chain = CHAIN): ChainLink[] {
  let previousHash = GENESIS_HASH;
  return written.map(({ event, atMs, isKeyed }, index) => {
    const [seq, hash] = [index + 1, chainHash(previousHash, event)];
    const mac = isKeyed && key !== null ? chainMac(key, { chain, seq, hash }) : null;
    const link = { seq, event, atMs, previousHash, hash, mac };
    previousHash = hash;
    return link;
  });
}

function follow(links: readonly ChainLink[], key: AuditKey | null = fresh, nowMs = 5_000): ChainFault | null {
  const walk = new ChainWalk(CHAIN, key);
  for (const link of links) {
    const fault = walk.next(link);
    if (fault !== null) return fault;
  }
  return walk.end(nowMs);
}

const keyed = (event: Json, atMs = 5_000): Written => ({ event, atMs, isKeyed: true });
const unkeyed = (event: Json, atMs = 500): Written => ({ event, atMs, isKeyed: false });
/** Events that all differ, like stored ones. */
const events = fc
  .array(fc.jsonValue() as fc.Arbitrary<Json>, { minLength: 2, maxLength: 12 })
  .map((diffs) => diffs.map((diff, number) => keyed({ number, diff })));

describe('an untouched chain', () => {
  test('is whole, with its key and by its hashes alone', () => {
    fc.assert(
      fc.property(events, (list) => {
        expect(follow(chainOf(list))).toBeNull();
        expect(follow(chainOf(list), null)).toBeNull();
      }),
    );
  });

  test('survives a store that orders keys anew', () => {
    const [link] = chainOf([keyed({ b: 1, a: { d: [1, 2], c: null } })]);
    expect(follow([{ ...(link as ChainLink), event: { a: { c: null, d: [1, 2] }, b: 1 } }])).toBeNull();
  });

  test('may be empty', () => {
    expect(follow([])).toBeNull();
  });
});

describe('whoever changes rows without making hashes anew', () => {
  test('is found at the edited event', () => {
    fc.assert(
      fc.property(events, fc.nat(), (list, pick) => {
        const links = chainOf(list);
        const at = pick % links.length;
        links[at] = { ...(links[at] as ChainLink), event: { edited: (links[at] as ChainLink).event } };
        expect(follow(links)).toEqual({ seq: at + 1, because: 'hash' });
      }),
    );
  });

  test('is found at the removed event, and at the first of two that were swapped', () => {
    fc.assert(
      fc.property(events, fc.nat(), (list, pick) => {
        const links = chainOf(list);
        const at = pick % (links.length - 1);
        expect(follow(links.toSpliced(at, 1))).toEqual({ seq: at + 1, because: 'hash' });
        [links[at], links[at + 1]] = [links[at + 1] as ChainLink, links[at] as ChainLink];
        expect(follow(links)).toEqual({ seq: at + 1, because: 'hash' });
      }),
    );
  });
});

describe('whoever makes all hashes anew, without the key', () => {
  /** Every hash fits; the MACs are the old ones, of another key, of another chain, or none. */
  const forgeries = fc.constantFrom('old', 'other key', 'other chain', 'none');

  test('is found, whatever was changed and whatever stands in the place of the MACs', () => {
    fc.assert(
      fc.property(events, fc.nat(), fc.constantFrom('edited', 'removed', 'put in'), forgeries, (list, pick, how, macs) => {
        const at = pick % list.length;
        const other = keyed({ forged: true, was: list[at]?.event ?? null });
        const changed =
          how === 'edited'
            ? list.with(at, other)
            : list.toSpliced(at, how === 'removed' ? 1 : 0, ...(how === 'removed' ? [] : [other]));
        // A chain alone cannot reveal events cut off at its end. Separate files do.
        fc.pre(!(how === 'removed' && at === list.length - 1));
        const genuine = chainOf(list);
        const key = macs === 'other key' ? Buffer.alloc(32, 8) : macs === 'none' ? null : fresh.key;
        const forged = chainOf(changed, key, macs === 'other chain' ? 'org_2' : CHAIN).map((link, index) =>
          macs === 'old' ? { ...link, mac: genuine[index]?.mac ?? null } : link,
        );
        // The links before the change still have their MACs.
        for (let index = 0; index < at; index += 1) forged[index] = genuine[index] as ChainLink;
        expect(follow(forged)).toEqual({ seq: at + 1, because: macs === 'none' ? 'no_key' : 'key' });
      }),
    );
  });
});

describe('events without a MAC', () => {
  const story = (...written: Written[]) => follow(chainOf(written), upgraded);

  test('are accepted before an event with one, of the time in which old replicas write', () => {
    expect(story(unkeyed('a'), unkeyed('b'), keyed('closed', UNTIL_MS))).toBeNull();
    expect(story(unkeyed('a'), keyed('closed', 700), unkeyed('of an old replica'), keyed('closed again', 900))).toBeNull();
  });

  test('are found where the event that follows them is later, whatever time they claim', () => {
    expect(story(keyed('a', 700), unkeyed('forged', 800), keyed('b', UNTIL_MS + 1))).toEqual({ seq: 2, because: 'no_key' });
    expect(story(unkeyed('a'), unkeyed('b'), keyed('late', UNTIL_MS + 1))).toEqual({ seq: 1, because: 'no_key' });
  });

  test('are found at the end once that time is over, and not before', () => {
    const links = chainOf([keyed('a', 700), unkeyed('b'), unkeyed('c')]);
    expect(follow(links, upgraded, UNTIL_MS)).toBeNull();
    expect(follow(links, upgraded, UNTIL_MS + 1)).toEqual({ seq: 2, because: 'no_key' });
  });

  test('are always found in an installation that began with the key', () => {
    expect(follow(chainOf([unkeyed('a', 0)]), fresh, 1)).toEqual({ seq: 1, because: 'no_key' });
    expect(follow(chainOf([keyed('a'), unkeyed('b'), keyed('c')]))).toEqual({ seq: 2, because: 'no_key' });
  });

  test('are counted from the first event with a MAC', () => {
    const walk = new ChainWalk(CHAIN, upgraded);
    for (const link of chainOf([unkeyed('a'), keyed('b', 1), unkeyed('c'), unkeyed('d'), keyed('e', 2)])) walk.next(link);
    expect(walk).toMatchObject({ seq: 5, keyedFromSeq: 2, unkeyedSince: 2, lastUnkeyedSeq: 4 });
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
