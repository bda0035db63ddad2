import type { AnswerFacts } from '../../dialects/dialect.ts';
import type { Candidate } from '../deployments/candidate.ts';
import type { Gateway } from '../gateway.ts';
import { tellDefect } from '../refuse.ts';
import type { Admission } from '../walk.ts';

/** Records how fast the deployment made an answer, if the provider reported its usage. Never throws. */
export function learnPace(
  admission: Admission,
  { deployment }: Candidate,
  facts: AnswerFacts,
  tookMs: number,
  gateway: Gateway,
): void {
  const { usage, usageIsFinal } = facts;
  if (usage === null || !usageIsFinal) return;
  try {
    gateway.pace.answered(deployment, usage, admission.asked.facts.answers, tookMs);
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
  }
}
