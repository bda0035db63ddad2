import type { AccessStep, AccessThrough } from '../access/access.ts';
import type { CounterUnit } from '../limits/limit-plan.ts';
import { amountWords, ruleWords } from '../limits/rule-words.ts';
import { wayOut } from '../limits/way-out.ts';
import { type DecidedRule, type Decision, decidingRule, isOnHead, refusingRules } from './decision.ts';

/**
 * Returns one sentence for people: why the request was admitted or refused, which rule decided, and when the request would pass.
 */
export function sentenceOf(decision: Decision): string {
  const { verdict, steps } = decision.access;
  const onHead = isOnHead(decision) ? decidingRule(decision) : null;
  if (onHead !== null) return refusalSentence(decision, onHead);
  if (verdict.is === 'not_found') return notFoundSentence(decision.calledName, verdict.because);
  if (verdict.is === 'removed')
    return `Refused: ${decision.calledName} is granted to the organization, but not allowed by the access of the ${verdict.level}.`;
  if (decision.otherRefusal === 'model_not_priced')
    return `Refused: ${decision.calledName} has no price in force, and a blocking budget covers this request.`;
  if (decision.otherRefusal === 'unpriced_parameter')
    return `Refused: ${decision.calledName} has no price for something that this request asks for, and a blocking budget covers this request.`;
  if (decision.otherRefusal === 'no_deployment_for_tags')
    return `Refused: no deployment of ${decision.calledName} has the tags that this request needs.`;
  const rule = decidingRule(decision);
  if (rule !== null) return refusalSentence(decision, rule);
  return `Admitted: ${decision.calledName} is granted through ${grantText(steps)}, and ${rulesText(decision.rules.length)}.`;
}

/** Returns the part of a refusal that describes one rule. It does not say whether other rules refused too. */
function ruleSentence(rule: DecidedRule, wanted: Decision['wanted'], atMs: number): string {
  const askedFor = askedOf(rule.unit, wanted);
  const asked = amountWords(askedFor, rule.unit);
  const limit = `the ${rule.scope}’s limit of ${ruleWords(rule)}`;
  if (rule.verdict.is === 'refused' && rule.verdict.retryAfterMs === null && askedFor > rule.value) {
    const change = wayOut(rule.unit, rule.value, 'unknown');
    return `this request needs ${asked}, which is more than ${limit}, so it can never pass; to let it pass, ${change}`;
  }
  const held =
    rule.held > 0 && rule.unit !== 'parallel' ? ` (${amountWords(rule.held, rule.unit)} of it held by requests in flight)` : '';
  return `${limit} has ${amountWords(rule.used, rule.unit)} used${held} and this request needs ${asked}${whenText(rule, atMs)}`;
}

function notFoundSentence(calledName: string, because: 'unknown_target' | 'not_granted'): string {
  if (because === 'unknown_target') return `Refused: there is no model or route group called ${calledName}.`;
  return `Refused: ${calledName} is not granted to the organization.`;
}

function refusalSentence(decision: Decision, rule: DecidedRule): string {
  const others = refusingRules(decision).length - 1;
  const more = others === 0 ? '' : `; ${others === 1 ? '1 other rule' : `${others} other rules`} refused it too`;
  return `Refused by ${rule.id}: ${ruleSentence(rule, decision.wanted, decision.atMs)}${more}.`;
}

function rulesText(count: number): string {
  if (count === 0) return 'no limit or budget applies';
  return count === 1 ? 'the 1 rule that applies passed' : `all ${count} rules that apply passed`;
}

/** Returns the reason of the nearest level that grants by itself. A level that inherits only repeats it. */
function grantText(steps: readonly AccessStep[]): string {
  const naming = steps.findLast(({ through }) => through !== null && through.is !== 'inherited');
  return naming === undefined ? 'inheritance' : `${throughText(naming.through)} at the ${naming.level} level`;
}

function throughText(through: AccessThrough | null): string {
  if (through?.is === 'access_group') return `the access group ${through.key}`;
  return through?.is === 'target' ? 'its own name' : 'all targets';
}

const FAR_MS = 3_600_000;

/** Writes a wait below one hour as seconds, and a longer one as an instant: readers should not add hours to a log line's time. */
function whenText({ verdict, limit, unit }: DecidedRule, atMs: number): string {
  if (verdict.is !== 'refused') return '';
  if (verdict.retryAfterMs === null) return `; it can pass only if the ${unit === 'nano_usd' ? 'budget' : 'limit'} is raised`;
  if (limit === 'max_parallel') return '; it can pass when one of the requests in flight ends';
  if (verdict.retryAfterMs < FAR_MS) return `; it can pass in ${Math.ceil(verdict.retryAfterMs / 1_000)} s`;
  // The counters' clock may be some milliseconds off the row's, and a budget resets at a whole second.
  const passesAtMs = Math.round((atMs + verdict.retryAfterMs) / 1_000) * 1_000;
  if (passesAtMs > LAST_YEAR_MS) return '; it can pass only if the budget is raised';
  return `; it can pass at ${new Date(passesAtMs).toISOString().slice(0, 19)}Z`;
}

/** A period that ends after this instant never ends: it is a `total`. */
const LAST_YEAR_MS = Date.UTC(9999, 0, 1);

function askedOf(unit: CounterUnit, wanted: Decision['wanted']): number {
  if (unit === 'tokens') return wanted.tokens;
  return unit === 'nano_usd' ? wanted.nanoUsd : 1;
}
