import type { AnswerFacts } from './dialect.ts';
import type { Reported } from './plausible.ts';

/** Mutable facts: the one object that a stream fills, so that reading it after each chunk costs nothing. */
export type Growing = { -readonly [field in keyof AnswerFacts]: AnswerFacts[field] };

/** Records a stream's latest report, which replaces the previous one. */
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
