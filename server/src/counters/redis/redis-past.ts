/** What Redis says to a process that asks for a counter's past; see domain/usage/asked-past.ts. */
import type { Recorded, UnstoredUse } from '../../domain/usage/asked-past.ts';

/** Redis does not keep any longer what is needed to answer this question: it heard nothing of it for too long, or had to keep too much. */
export class QuestionLost extends Error {
  override readonly name = 'QuestionLost';
}

export interface BegunQuestion {
  /** What the counter knows it by; 0 where nobody has to ask. */
  readonly question: number;
  /** Among the questions of its organization: later ones have higher numbers. */
  readonly order: number;
  /** What was settled and not stored; null where nobody has to ask. */
  readonly unstored: readonly UnstoredUse[] | null;
}

/** Two numbers, and behind them what was settled and not stored, as JSON. Throws where that is too much. */
export function readQuestion(answer: Buffer): BegunQuestion {
  const [question, order] = [answer.readDoubleLE(0), answer.readDoubleLE(8)];
  if (question === 0) return { question, order, unstored: null };
  const list: unknown = JSON.parse(answer.toString('utf8', 16));
  if (!Array.isArray(list)) throw new Error('more is settled and not stored than a question can go through');
  return { question, order, unstored: (list as [string, string, string, string, string][]).map(unstoredFrom) };
}

function unstoredFrom([tail, atMs, tokens, nanoUsd, who]: readonly [string, string, string, string, string]): UnstoredUse {
  const tab = who.indexOf('\t');
  const [teamId = '', memberId = '', keyId = ''] = who.slice(0, tab).split(',');
  const use = { teamId, memberId: memberId === '' ? null : memberId, keyId, calledName: who.slice(tab + 1) };
  return { tail, atMs: Number(atMs), tokens: Number(tokens), nanoUsd: Number(nanoUsd), use };
}

/**
 * Of each record its name, when it was admitted, and the latest question when it was stored; colons between, and commas between records.
 * Throws QuestionLost.
 */
export function readRecorded(answer: Buffer): readonly Recorded[] {
  const text = answer.toString('latin1');
  if (text === '!') throw new QuestionLost('Redis heard nothing of this question for too long');
  if (text === '') return [];
  return text.split(',').map((record) => {
    const last = record.lastIndexOf(':');
    const colon = record.lastIndexOf(':', last - 1);
    const storedAfter = last === record.length - 1 ? Number.POSITIVE_INFINITY : Number(record.slice(last + 1));
    return { tail: record.slice(0, colon), atMs: Number(record.slice(colon + 1, last)), storedAfter };
  });
}
