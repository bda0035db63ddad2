// The fast lane beside Node's own parser and undici: hundreds of thousands of messages, plain ones, others and broken ones, in the same pieces.
import { fuzzAnswers } from '../lane/answer-fuzz.ts';
import { type FuzzResult, fuzzRequests, fuzzRequestsOverNetwork } from '../lane/request-fuzz.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  // Others in each run; the figure names where they began.
  const from = Math.floor(Math.random() * 2 ** 31);
  const size = quick ? { memory: 2_000, network: 200, answers: 4_000 } : { memory: 120_000, network: 4_000, answers: 200_000 };
  return allOf([
    said('requests', from, await fuzzRequests(size.memory, from)),
    said('requests over a network', from, await fuzzRequestsOverNetwork(size.network, from)),
    said('answers', from, await fuzzAnswers(size.answers, from)),
  ]);
}

function said(what: string, from: number, { messages, inLane, disagreements, disagreed }: FuzzResult): ProveResult {
  // That the lane leaves everything to the others would agree as well.
  const holds = disagreed === 0 && inLane > messages / 10;
  const count = (number: number) => number.toLocaleString('en');
  const figure = `${count(messages)} ${what} tried from seed ${from} on, ${count(inLane)} read in the lane, disagreements ${disagreed}`;
  return { holds, figure, details: disagreements };
}
