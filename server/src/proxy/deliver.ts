import { addDropped, answerHeaders } from './answer-headers.ts';
import { noteWhole } from './attempts/tried.ts';
import { keepAnswer } from './cache/cached-answer.ts';
import type { Answer } from './call-provider.ts';
import { StreamDelivery } from './deliver-stream.ts';
import type { Gateway } from './gateway.ts';
import { CLIENT_CLOSED } from './refusal.ts';
import { answerPlainly } from './refuse.ts';
import { oweForAnswer, settle } from './settle.ts';
import { learnPace } from './settlement/learn-pace.ts';
import type { Admission } from './walk.ts';

/** Sends an answer to the client, and settles the request however the answer ends. */
export function deliver(answer: Answer, admission: Admission, gateway: Gateway): void {
  if (answer.is === 'whole') deliverWhole(answer, admission, gateway);
  else new StreamDelivery(answer, admission, gateway).begin();
}

/**
 * Settles a whole answer, then sends it. The row is in the journal before the client gets the answer, so the ledger misses
 * nothing that a client saw. The row also comes before the headers are written, so a defect there cannot undo the charge.
 */
function deliverWhole(answer: Extract<Answer, { is: 'whole' }>, admission: Admission, gateway: Gateway): void {
  const { candidate, bytes, facts } = answer;
  oweForAnswer(admission, candidate, facts, 'no_usage', gateway);
  learnPace(admission, candidate, facts, answer.tookMs, gateway);
  noteWhole(admission, answer, gateway);
  const heard = admission.walk.reply.gone
    ? ({ status: 'cancelled', httpStatus: CLIENT_CLOSED, answer: null } as const)
    : ({ status: 'succeeded', httpStatus: 200, answer: bytes } as const);
  settle(admission, { ...heard, code: null, param: null, candidate, finishReason: facts.finishReason }, gateway);
  if (admission.cache !== null) {
    const { dropped } = answer;
    keepAnswer(admission, { contentType: 'application/json', finishReason: facts.finishReason, dropped, bytes }, gateway);
  }
  gateway.journal.whenWritten(() => sayWhole(answer, admission, gateway), admission.walk.id);
}

function sayWhole(
  { candidate, bytes, contentType = 'application/json', dropped, sentMs }: Extract<Answer, { is: 'whole' }>,
  admission: Admission,
  gateway: Gateway,
): void {
  const { reply } = admission.walk;
  try {
    const headers = answerHeaders(admission, candidate.deployment.id, candidate.price === null ? 'unknown' : 'known', gateway);
    addDropped(headers, dropped);
    headers.push('content-type', contentType, 'content-length', String(bytes.length));
    if (sentMs === null) headers.push('x-headgate-estimated', 'true');
    reply.head(200, headers);
    reply.end(bytes);
  } catch (error) {
    answerPlainly(admission.walk, error, gateway);
  }
}
