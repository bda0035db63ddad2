import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOTHING_BEYOND } from '../money/beyond.ts';
import { costNanoUsd, type Price, upperBoundNanoUsd } from '../money/price.ts';
import { OutputHistory } from '../usage/output-history.ts';
import { estimateHold, expectedOutputTokens, type HoldQuestion, outputCapFor } from './hold.ts';

const price = (perMillion: Price['perMillion']): Price => ({ id: 'price_1', effectiveFromMs: 0, perMillion });
const CHEAP = price({ input: 50_000_000, output: 400_000_000 });
const DEAR = price({ input: 2_000_000_000, cached_input: 200_000_000, cache_write: 2_500_000_000, output: 8_000_000_000 });

function ask(question: Partial<HoldQuestion> = {}): HoldQuestion {
  return {
    bodyBytes: 1_000,
    mediaParts: 0,
    mediaBytes: 0,
    outputTokensMax: null,
    choices: 1,
    candidates: [{ price: CHEAP, maxOutputTokens: 128_000 }],
    history: null,
    outputCap: 'as_asked',
    tokensMax: Number.POSITIVE_INFINITY,
    beyond: NOTHING_BEYOND,
    ...question,
  };
}

function historyOf(outputTokens: number, answers = 20): OutputHistory {
  const history = new OutputHistory();
  for (let i = 0; i < answers; i += 1) history.add(outputTokens);
  return history;
}

describe('the token hold', () => {
  // promise: The output part of a token-limit hold is always adaptive (agents send `max_tokens: 32000`
  test('is a quarter of the bytes and the adaptive output, even when the caller asks for far more', () => {
    expect(estimateHold(ask({ bodyBytes: 1_001, outputTokensMax: 32_000, history: historyOf(400) })).tokens).toBe(251 + 400);
  });

  // promise: **No history** (fewer than 20 answers of that key × model): min(`max_tokens`, model's maximum, 4,096)
  test.each([
    ['4,096 when nothing is known', null, 128_000, 4_096],
    ['the caller’s cap below that', 100, 128_000, 100],
    ['the model’s maximum below that', null, 1_000, 1_000],
    ['4,096 under a huge cap', 32_000, 128_000, 4_096],
    ['4,096 when the model declares no maximum', null, null, 4_096],
    ['nothing for embeddings', 0, null, 0],
  ])('without history holds %s', (_what, outputTokensMax, maxOutputTokens, expected) => {
    const candidates = [{ price: CHEAP, maxOutputTokens }];
    expect(expectedOutputTokens(ask({ outputTokensMax, candidates, history: historyOf(9, 19) }))).toBe(expected);
  });

  // promise: **The expected output never fills a limit**: with or without history it is at most half of what
  test.each([
    ['half of what the limit leaves', { tokensMax: 4_000 }, 250 + 1_875],
    ['half of it divided by the choices', { tokensMax: 4_000, choices: 3 }, 250 + 3 * 625],
    ['the same with a history', { tokensMax: 4_000, history: historyOf(9_000) }, 250 + 1_875],
    ['less, where less is usual', { tokensMax: 4_000, history: historyOf(400) }, 250 + 400],
    ['less, where less is asked for', { tokensMax: 4_000, outputTokensMax: 7 }, 250 + 7],
    ['one token where half is less', { tokensMax: 251 }, 250 + 1],
    ['one for each choice', { tokensMax: 260, choices: 8 }, 250 + 8],
    ['what there is for more choices than that', { tokensMax: 255, choices: 8 }, 250 + 5],
    ['the input alone where it takes the whole limit', { tokensMax: 250 }, 250],
    ['the input alone where it is more', { tokensMax: 9 }, 250],
    ['the input alone under a limit of 0', { tokensMax: 0 }, 250],
    ['nothing more for embeddings', { tokensMax: 4_000, outputTokensMax: 0 }, 250],
  ])('under a limit holds of output %s', (_what, question, tokens) => {
    expect(estimateHold(ask(question)).tokens).toBe(tokens);
  });

  // promise: So a request whose input fits is never refused for ever.
  test('is within the limit exactly where the input is, whatever was usual, and never below the input', () => {
    const history = fc.option(fc.array(fc.nat(200_000), { minLength: 20, maxLength: 40 }), { nil: null });
    const tokenMax = fc.option(fc.nat(100_000), { nil: null });
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(40_000), history, tokenMax, tokenMax, fc.integer({ min: 1, max: 128 }), (...given) => {
        const [bodyBytes, tokensMax, answers, outputTokensMax, maxOutputTokens, choices] = given;
        const known = answers === null ? null : new OutputHistory();
        for (const answer of answers ?? []) known?.add(answer);
        const candidates = [{ price: CHEAP, maxOutputTokens }];
        const question = ask({ bodyBytes, history: known, outputTokensMax, candidates, choices });
        const free = estimateHold(question);
        const held = estimateHold({ ...question, tokensMax });
        expect(held.inputTokens).toBe(Math.ceil(bodyBytes / 4));
        expect(held.tokens <= tokensMax).toBe(held.inputTokens <= tokensMax);
        expect(held.tokens).toBeGreaterThanOrEqual(held.inputTokens);
        const room = tokensMax - held.inputTokens;
        if (room >= 2 * choices) expect(held.tokens - held.inputTokens).toBeLessThanOrEqual(room / 2);
        if (room >= choices && free.outputTokens > 0) expect(held.tokens - held.inputTokens).toBeGreaterThanOrEqual(choices);
        // The remaining tokens of a limit do not affect the cost of an answer.
        expect({ ...held, tokens: 0 }).toEqual({ ...free, tokens: 0 });
      }),
    );
  });

  test('holds every choice', () => {
    expect(estimateHold(ask({ choices: 3, history: historyOf(10) })).tokens).toBe(250 + 30);
  });

  test('does not take a picture’s bytes for text', () => {
    const candidates = [{ price: CHEAP, maxOutputTokens: 10, partTokensMax: 1_500 }];
    const hold = estimateHold(ask({ bodyBytes: 1_000_400, mediaBytes: 1_000_000, mediaParts: 1, candidates }));
    expect(hold.tokens).toBe(100 + 1_500 + 10);
  });
});

describe('the money hold', () => {
  // promise: **A `block` budget holds an upper bound**: input = one token per
  test('is one token per byte and 512, and the whole output cap for each choice, at the dearest candidate and bucket', () => {
    const candidates = [
      { price: CHEAP, maxOutputTokens: 128_000 },
      { price: DEAR, maxOutputTokens: 128_000 },
    ];
    const hold = estimateHold(ask({ outputTokensMax: 100, choices: 2, candidates }));
    expect(hold.nanoUsd).toBe(1_512 * 2_500 + 200 * 8_000);
    expect(hold.money).toBe('upper_bound');
    expect(hold.nanoUsdMin).toBe(hold.nanoUsd);
  });

  // promise: or for an image, audio or file part the deployment's declared maximum per part
  test('takes a declared maximum per picture, and without one is an estimate', () => {
    const media = { bodyBytes: 50_100, mediaBytes: 50_000, mediaParts: 2, outputTokensMax: 0 };
    const declared = estimateHold(ask({ ...media, candidates: [{ price: DEAR, maxOutputTokens: null, partTokensMax: 1_000 }] }));
    expect(declared).toMatchObject({ nanoUsd: (612 + 2_000) * 2_500, money: 'upper_bound' });
    expect(estimateHold(ask({ ...media, candidates: [{ price: DEAR, maxOutputTokens: null }] })).money).toBe('estimate');
  });

  // promise: What cannot be bounded (no `max_tokens` and no `clamp_output`) is held at the adaptive estimate
  test('without any cap is the adaptive estimate and says so', () => {
    const hold = estimateHold(ask({ history: historyOf(400) }));
    expect(hold).toMatchObject({ nanoUsd: 1_512 * 50 + 400 * 400, money: 'estimate' });
  });

  test('of an unpriced candidate is nothing', () => {
    expect(estimateHold(ask({ candidates: [{ price: null, maxOutputTokens: 10 }] })).nanoUsd).toBe(0);
  });

  // promise: **A `block` budget holds an upper bound**: input = one token per body byte
  test('covers whatever any candidate can charge within the cap', () => {
    const rate = fc.integer({ min: 0, max: 100_000_000_000 });
    const prices = fc.record({ input: rate, cached_input: rate, output: rate, reasoning: rate }).map(price);
    fc.assert(
      fc.property(
        fc.array(prices, { minLength: 1, maxLength: 4 }),
        fc.nat(1_000_000),
        fc.nat(100_000),
        fc.integer({ min: 1, max: 8 }),
        fc.float({ min: 0, max: 1, noNaN: true }),
        (served, bodyBytes, outputTokensMax, choices, split) => {
          const candidates = served.map((given) => ({ price: given, maxOutputTokens: null }));
          const hold = estimateHold(ask({ bodyBytes, outputTokensMax, choices, candidates }));
          const cached = Math.floor(bodyBytes * split);
          const reasoning = Math.floor(outputTokensMax * choices * split);
          const usage = {
            input: bodyBytes - cached,
            cached_input: cached,
            output: outputTokensMax * choices - reasoning,
            reasoning,
          };
          for (const given of served) expect(costNanoUsd(usage, given) <= BigInt(hold.nanoUsd)).toBe(true);
        },
      ),
    );
  });
});

describe('clamping', () => {
  const candidates = [
    { price: CHEAP, maxOutputTokens: 128_000 },
    { price: DEAR, maxOutputTokens: 64_000 },
  ];

  test('makes a request without a cap bounded, and asks for no less than a short answer', () => {
    const hold = estimateHold(ask({ candidates, outputCap: 'clamp' }));
    expect(hold.money).toBe('upper_bound');
    expect(hold.nanoUsd).toBe(1_512 * 2_500 + 64_000 * 8_000);
    expect(hold.nanoUsdMin).toBe(1_512 * 2_500 + 16 * 8_000);
  });

  test('lowers the cap to what the granted money buys at every candidate', () => {
    const question = ask({ candidates, outputCap: 'clamp', choices: 2 });
    fc.assert(
      fc.property(fc.integer({ min: 1_512 * 2_500, max: 4_000_000_000 }), (granted) => {
        const cap = outputCapFor(question, granted) as number;
        for (const candidate of candidates) {
          expect(upperBoundNanoUsd(1_512, cap * 2, candidate.price) <= BigInt(granted)).toBe(true);
          expect(cap).toBeLessThanOrEqual(candidate.maxOutputTokens);
        }
      }),
    );
  });

  test('never raises the cap the caller asked for, and leaves it alone when no budget clamps', () => {
    expect(outputCapFor(ask({ outputTokensMax: 50, outputCap: 'clamp' }), 9_000_000_000_000)).toBe(50);
    expect(outputCapFor(ask({ outputTokensMax: 50 }), 1)).toBe(50);
    expect(outputCapFor(ask(), 1)).toBeNull();
  });

  test('what was granted at the least still buys the shortest answer', () => {
    const question = ask({ candidates, outputCap: 'clamp', choices: 3 });
    expect(outputCapFor(question, estimateHold(question).nanoUsdMin)).toBeGreaterThanOrEqual(16);
  });
});
