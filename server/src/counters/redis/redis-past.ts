/** Answers of Redis to a process that asks for a counter's past; see domain/usage/asked-past.ts. */
import type { Recorded, UnstoredUse } from '../../domain/usage/asked-past.ts';
import { labelsIn } from './redis-plan.ts';

/**
 * Thrown when Redis has dropped the data that this question needs: it had no signal of it for too long, or had to keep too much.
 */
export class QuestionLost extends Error {
  override readonly name = 'QuestionLost';
}

export interface BegunQuestion {
  /** The number under which the counter knows the question; 0 if this process need not ask. */
  readonly question: number;
  /** The question's place among those of its organization: later ones have higher numbers. */
  readonly order: number;
  /** The use that is settled and not stored; null if this process need not ask. */
  readonly unstored: readonly UnstoredUse[] | null;
}

/**
 * Decodes two numbers, and after them the use that is settled and not stored, as JSON. Throws if Redis reports too much of it.
 */
export function readQuestion(answer: Buffer): BegunQuestion {
  const [question, order] = [answer.readDoubleLE(0), answer.readDoubleLE(8)];
  if (question === 0) return { question, order, unstored: null };
  const list: unknown = JSON.parse(answer.toString('utf8', 16));
  if (!Array.isArray(list)) throw new Error('too many settled rows are not stored yet to read a counter from the ledger');
  return { question, order, unstored: (list as [string, string, string, string, string][]).map(unstoredFrom) };
}

function unstoredFrom([tail, atMs, tokens, nanoUsd, who]: readonly [string, string, string, string, string]): UnstoredUse {
  const tab = who.indexOf('\t');
  const [teamId = '', memberId = '', keyId = '', ...more] = who.slice(0, tab).split(',');
  const labels = labelsIn(more);
  const use = {
    ...{ teamId, memberId: memberId === '' ? null : memberId, keyId, calledName: who.slice(tab + 1) },
    ...(labels === null ? {} : { labels }),
  };
  return { tail, atMs: Number(atMs), tokens: Number(tokens), nanoUsd: Number(nanoUsd), use };
}

/**
 * Decodes, for each record, its name, its admission time, and the latest question when it was stored. Colons separate fields,
 * commas records. Throws QuestionLost.
 */
export function readRecorded(answer: Buffer): readonly Recorded[] {
  const text = answer.toString('latin1');
  if (text === '!') throw new QuestionLost('Redis forgot this read of the ledger, because it took too long');
  if (text === '') return [];
  return text.split(',').map((record) => {
    const last = record.lastIndexOf(':');
    const colon = record.lastIndexOf(':', last - 1);
    const storedAfter = last === record.length - 1 ? Number.POSITIVE_INFINITY : Number(record.slice(last + 1));
    return { tail: record.slice(0, colon), atMs: Number(record.slice(colon + 1, last)), storedAfter };
  });
}
