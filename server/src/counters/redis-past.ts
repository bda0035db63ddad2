/** What Redis says to a process that asks for a counter's past; see domain/asked-past.ts. */
import type { Recorded, UnstoredUse } from '../domain/asked-past.ts';

/** The question's number, 0 where nobody has to ask; behind it what was settled and not stored, as JSON. Throws where that is too much. */
export function readQuestion(answer: Buffer): { readonly question: number; readonly unstored: readonly UnstoredUse[] | null } {
  const question = answer.readDoubleLE(0);
  if (question === 0) return { question, unstored: null };
  const list: unknown = JSON.parse(answer.toString('utf8', 8));
  if (!Array.isArray(list)) throw new Error('more is settled and not stored than a question can go through');
  return { question, unstored: (list as [string, string, string, string, string][]).map(unstoredFrom) };
}

function unstoredFrom([tail, atMs, tokens, nanoUsd, who]: readonly [string, string, string, string, string]): UnstoredUse {
  const tab = who.indexOf('\t');
  const [teamId = '', memberId = '', keyId = ''] = who.slice(0, tab).split(',');
  const use = { teamId, memberId: memberId === '' ? null : memberId, keyId, calledName: who.slice(tab + 1) };
  return { tail, atMs: Number(atMs), tokens: Number(tokens), nanoUsd: Number(nanoUsd), use };
}

/** Of each record its name, a colon, when it was admitted; commas between. */
export function readRecorded(answer: Buffer): readonly Recorded[] {
  const text = answer.toString('latin1');
  if (text === '') return [];
  return text.split(',').map((record) => {
    const colon = record.lastIndexOf(':');
    return { tail: record.slice(0, colon), atMs: Number(record.slice(colon + 1)) };
  });
}
