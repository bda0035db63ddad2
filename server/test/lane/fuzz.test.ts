import { describe, expect, test } from 'vitest';
import { fuzzAnswers } from './answer-fuzz.ts';
import { fuzzRequests, fuzzRequestsOverNetwork } from './request-fuzz.ts';

// Every run draws others; a failure names its seed.
const from = Math.floor(Math.random() * 2 ** 31);

describe('the fast lane reads what Node reads, or leaves it to Node', () => {
  test('requests, in memory', async () => {
    const { disagreements, messages, inLane } = await fuzzRequests(1_500, from);
    expect(disagreements).toEqual([]);
    // That it leaves everything to Node would hold as well.
    expect(inLane).toBeGreaterThan(messages / 8);
  });

  test('requests, over a network', async () => {
    const { disagreements, inLane } = await fuzzRequestsOverNetwork(150, from);
    expect(disagreements).toEqual([]);
    expect(inLane).toBeGreaterThan(0);
  });
});

describe('the plain client reports what undici reports, or leaves it to undici', () => {
  test('answers, and none of them is ever the next request’s', async () => {
    const { disagreements, messages, inLane } = await fuzzAnswers(3_000, from);
    expect(disagreements).toEqual([]);
    expect(inLane).toBeGreaterThan(messages / 8);
  });
});
