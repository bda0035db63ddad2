/** Finds what alert rules watch over their thresholds, in a few queries for all rules. */
import { type AlertRuleKind, isOver, shareFigure } from '../../domain/alerts/alert-rule.ts';
import { CREDENTIAL_REFUSED } from '../../domain/alerts/rule-words.ts';
import { judgeSpend, WEEKS_COMPARED } from '../../domain/alerts/unusual-spend.ts';
import { formatUsd } from '../../domain/money/money.ts';
import type { AlertRuleRow, WatchedRule } from '../../store/alerts/alert-rules.ts';
import * as sums from '../../store/alerts/rule-sums.ts';
import type { Database } from '../../store/database.ts';
import { attemptCounts } from '../../store/usage/attempt-counts.ts';
import { DAY_MS, HOUR_MS, QUARTER_MS } from '../../store/usage/usage-rows.ts';

/** Something over a rule's threshold. `subject` is empty for a sum. */
export interface Found {
  readonly subject: string;
  readonly subjectName: string;
  readonly value: number;
  readonly count: number;
  /** Further facts for receivers. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Rows of an hour may still arrive for this long after it. */
const LATE_MS = 5 * 60_000;

/** Returns what is over the threshold of each rule, in the order of the rules. */
export async function findOver(
  db: Database,
  rules: readonly WatchedRule[],
  nowMs: number,
): Promise<readonly (readonly Found[])[]> {
  const found = new Map<string, readonly Found[]>();
  const byKind = Map.groupBy(rules, ({ rule }) => rule.kind);
  for (const [kind, ofKind] of byKind) {
    for (const [id, over] of await FINDERS[kind](db, ofKind, nowMs)) found.set(id, over);
  }
  return rules.map(({ rule }) => found.get(rule.id) ?? []);
}

type Finder = (
  db: Database,
  rules: readonly WatchedRule[],
  nowMs: number,
) => Promise<readonly (readonly [string, readonly Found[]])[]>;

/** Calls a finder once for each length of window among the rules, with the start of the window. */
function byWindow(find: (db: Database, rules: readonly WatchedRule[], since: Date) => ReturnType<Finder>): Finder {
  return async (db, rules, nowMs) => {
    const all: (readonly [string, readonly Found[]])[] = [];
    for (const [minutes, same] of Map.groupBy(rules, ({ rule }) => rule.windowMinutes)) {
      const sinceMs = Math.floor((nowMs - minutes * 60_000) / QUARTER_MS) * QUARTER_MS;
      all.push(...(await find(db, same, new Date(sinceMs))));
    }
    return all;
  };
}

const findRequests = byWindow(async (db, rules, since) => {
  const ids = rules.flatMap(({ organization }) => (organization === null ? [] : [organization.id]));
  const found = await sums.requestSums(db, ids, since);
  return rules.map(({ rule, organization }) => {
    const { admitted, failed, refused } = found.get(organization?.id ?? sums.PLATFORM) ?? NO_REQUESTS;
    const figure = rule.kind === 'refusals' ? shareFigure(refused, admitted + refused) : shareFigure(failed, admitted);
    return [rule.id, isOver(rule, figure) ? [{ ...SUM, ...figure }] : []] as const;
  });
});

const NO_REQUESTS: sums.RequestSums = { admitted: 0, failed: 0, refused: 0 };
const SUM = { subject: '', subjectName: '' };

const findDeployments = byWindow(async (db, rules, since) => {
  const counts = await attemptCounts(db, since);
  const names = await sums.deploymentNames(db);
  const all = [...counts].flatMap(([id, { attempts, errors, callerErrors }]) => {
    const name = names.get(id);
    const figure = shareFigure(errors - callerErrors, attempts - callerErrors);
    return name === undefined ? [] : [{ subject: id, subjectName: name, ...figure }];
  });
  return rules.map(({ rule }) => [rule.id, all.filter((one) => isOver(rule, one))] as const);
});

const findCredentials: Finder = async (db, rules, nowMs) => {
  const states = await sums.credentialStates(db);
  return rules.map(({ rule }) => [rule.id, states.flatMap((state) => credentialOver(rule, state, nowMs))] as const);
};

function credentialOver({ threshold }: AlertRuleRow, state: sums.CredentialState, nowMs: number): readonly Found[] {
  const of = { subject: state.id, subjectName: state.name, count: 1 };
  if (state.isRefused) return [{ ...of, value: CREDENTIAL_REFUSED }];
  if (state.expiresAt === null) return [];
  const days = Math.floor((state.expiresAt.getTime() - nowMs) / DAY_MS);
  return days <= threshold ? [{ ...of, value: days }] : [];
}

const findSpend: Finder = async (db, rules, nowMs) => {
  const to = new Date(Math.floor((nowMs - LATE_MS) / HOUR_MS) * HOUR_MS);
  const asked = rules.map(({ rule, organization }) => ({
    organizationId: organization?.id ?? sums.PLATFORM,
    timeZone: organization?.timeZone ?? 'UTC',
    hours: Math.round(rule.windowMinutes / 60),
  }));
  const found = await sums.spendSums(db, asked, { to, weeks: WEEKS_COMPARED });
  return rules.map(({ rule }, index) => [rule.id, spendOver(rule, found[index] as sums.SpendSums)] as const);
};

function spendOver(rule: AlertRuleRow, { nanoUsd, requests, pastNanoUsd }: sums.SpendSums): readonly Found[] {
  const { score, medianNanoUsd } = judgeSpend(nanoUsd, pastNanoUsd);
  const figure = { value: score ?? 0, count: requests };
  if (score === null || nanoUsd < rule.minimumNanoUsd || !isOver(rule, figure)) return [];
  return [{ ...SUM, ...figure, more: { spent: formatUsd(nanoUsd), usual: formatUsd(Math.round(medianNanoUsd)) } }];
}

const FINDERS: Readonly<Record<AlertRuleKind, Finder>> = {
  error_rate: findRequests,
  refusals: findRequests,
  deployment_failing: findDeployments,
  credential: findCredentials,
  spend: findSpend,
};
