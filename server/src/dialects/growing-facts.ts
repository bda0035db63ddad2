import type { AnswerFacts } from './dialect.ts';
import type { Reported } from './plausible.ts';

/** Facts under way: the one object a stream fills, so that asking after each chunk costs nothing. */
export type Growing = { -readonly [field in keyof AnswerFacts]: AnswerFacts[field] };

/** A stream's latest report takes the place of the one before. */
export function noteReport(facts: Growing, reported: Reported): void {
  facts.usageImplausible = reported === 'implausible';
  facts.usage = reported === 'implausible' ? null : reported;
}

export function noFacts(): Growing {
  return {
    usage: null,
    usageImplausible: false,
    usageIsFinal: false,
    serviceTier: null,
    outputBytes: 0,
    finishReason: null,
    finishes: 0,
    complete: false,
    error: null,
  };
}
