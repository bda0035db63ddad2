import { describe, expect, it } from 'vitest';
import { asBilledTokens, hasPiecesPrice, type Pieces, pictureTier, piecesBoundNanoUsd, withAskedPieces } from './pieces.ts';
import type { Price, PriceUnits } from './price.ts';

const price = (perMillion: Price['perMillion'], units: PriceUnits = {}): Price => ({
  id: 'p',
  effectiveFromMs: 0,
  perMillion,
  units,
});
const FREE_TOKENS = { input: 0 };
const PICTURES = price(FREE_TOKENS, {
  perUnit: { image: 40 },
  serviceTiers: {
    'hd+1024x1024': { perMillion: {}, perUnit: { image: 80 } },
    'hd+1024x1792': { perMillion: {}, perUnit: { image: 120 } },
    '1024x1792': { perMillion: {}, perUnit: { image: 60 } },
    priority: { perMillion: { input: 5 } },
  },
});
const pictures = (quality: string | null, size: string | null, most = 1): Pieces => ({
  ...{ unit: 'image', most, orTokens: 'image_output' },
  picture: { quality, size },
});

describe('the price of pieces', () => {
  it('is one of the unit, or of the tokens that are billed instead if they cost something', () => {
    const documents: Pieces = { unit: 'search_unit', most: 1, orTokens: 'input' };
    expect(hasPiecesPrice(price(FREE_TOKENS), documents)).toBe(false);
    expect(hasPiecesPrice(price({ input: 5 }), documents)).toBe(true);
    expect(hasPiecesPrice(price(FREE_TOKENS, { perUnit: { search_unit: 0 } }), documents)).toBe(true);
    expect(hasPiecesPrice(price({ input: 5, output: 9 }), pictures('hd', null))).toBe(false);
    expect(hasPiecesPrice(price({ input: 5, image_output: 9 }), pictures('hd', null))).toBe(true);
  });

  it.each([
    ['standard', '1024x1024', 40],
    ['hd', '1024x1024', 80],
    ['hd', '1024x1792', 120],
    ['standard', '1024x1792', 60],
    ['hd', null, 120],
    [null, '1024x1024', 80],
    [null, null, 120],
  ])('of a picture that is %s and %s is held at %i', (quality, size, nanoUsd) => {
    expect(piecesBoundNanoUsd(PICTURES, [pictures(quality, size, 3)])).toBe(BigInt(3 * nanoUsd));
  });

  it.each([
    ['hd', '1024x1792', null, 'hd+1024x1792'],
    ['standard', '1024x1792', null, '1024x1792'],
    ['standard', '512x512', null, null],
    [null, null, null, null],
    [null, null, { quality: 'hd', size: '1024x1024' }, 'hd+1024x1024'],
    ['hd', null, { quality: null, size: '1024x1024' }, 'hd+1024x1024'],
    ['priority', null, null, 'priority'],
  ])('of %s and %s, answered as %j, is found under %s', (quality, size, answered, found) => {
    expect(pictureTier(PICTURES, { quality, size }, answered)).toBe(found);
  });
});

describe('the usage of pieces', () => {
  const asked = [pictures(null, null, 3)];

  it('is the most asked for where the answer does not count them', () => {
    expect(withAskedPieces({}, PICTURES, asked)).toEqual({ image: 3 });
    expect(withAskedPieces({ image: 2 }, PICTURES, asked)).toEqual({ image: 2 });
    expect(withAskedPieces({}, null, asked)).toEqual({ image: 3 });
  });

  it('is that of tokens where those were counted and have the price', () => {
    const byTokens = price({ input: 5, image_output: 9 });
    expect(withAskedPieces({ image_output: 400, image: 3 }, byTokens, asked)).toEqual({ image_output: 400, image: 0 });
    expect(withAskedPieces({}, byTokens, asked)).toEqual({ image: 3 });
  });

  it('has estimated output as the tokens that are billed', () => {
    expect(asBilledTokens({ input: 1, output: 7 }, asked)).toEqual({ input: 1, image_output: 7 });
    expect(asBilledTokens({ input: 1, output: 7 }, [])).toEqual({ input: 1, output: 7 });
  });
});
