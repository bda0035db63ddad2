import type { AnswerFacts } from './dialect.ts';

/** Facts under way: the one object a stream fills, so that asking after each chunk costs nothing. */
export type Growing = { -readonly [field in keyof AnswerFacts]: AnswerFacts[field] };

export function noFacts(): Growing {
  return {
    usage: null,
    usageIsFinal: false,
    serviceTier: null,
    outputBytes: 0,
    finishReason: null,
    finishes: 0,
    complete: false,
    error: null,
  };
}
