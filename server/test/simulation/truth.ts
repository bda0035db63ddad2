import type { Actual, Hold, HoldResult, Readings, SeedPoint, Wanted } from '../../src/counters/counters.ts';
import type { CounterSpec, LimitPlan, LimitRule } from '../../src/domain/limits/limit-plan.ts';
import type { BeginRecord } from '../../src/ledger/records.ts';
import type { Row } from './model-journal.ts';
import { heldOf, type Open, OpenRequests, periodsOf } from './open-requests.ts';
import { periodAt, type Settled, SettledRequests, sum } from './settled-requests.ts';
import type { Witness } from './watch.ts';

/** Who asked, and under which name: what decides which counters a request belongs to. */
export interface Asker extends Pick<Row, 'organizationId' | 'teamId' | 'memberId' | 'keyId' | 'calledName'> {
  /** What it is charged can never exceed what it held. */
  readonly bounded: boolean;
}

/** What a counter must read: exactly, or for a rolling budget within what its slots may round to. */
interface Expected {
  readonly usedMin: number;
  readonly usedMax: number;
  readonly held: number | null;
}

export interface TruthOptions {
  /** The latest time the counters have seen. */
  readonly nowMs: () => number;
  readonly askerOf: (requestId: string) => Asker;
  readonly groupsOf: (calledName: string) => ReadonlySet<string>;
}

/**
 * Is told what counters did and knows what they must say, from the requests and the ledger alone: sums over lists, and nothing kept that
 * could be wrong. The first thing that is not so is the violation.
 */
export class Truth implements Witness {
  violation: string | null = null;
  /** Every request settled so far, as far as was told in order. */
  readonly ledger: SettledRequests;
  /** Every request settled until this moment: what a counter that asks for its past is answered from. */
  readonly past: SettledRequests;
  readonly #options: TruthOptions;
  readonly #open = new OpenRequests<Asker>();
  /** Counters some request passed by, and in which turn: what they know has a gap until they are told to forget. */
  readonly #missed = new Map<string, number>();
  /** When a plan was first seen: one made after a counter missed something was made after that was told to forget. */
  readonly #planSeen = new WeakMap<LimitPlan, number>();
  /** Counters of any plan seen since the start. */
  readonly #specs = new Map<string, CounterSpec>();
  /** Counters that were read in a decision and should still be there. */
  readonly #known = new Map<string, { readonly spec: CounterSpec; readonly seen: number }>();
  /** The most that any block budget on a counter ever allowed. */
  readonly #valueMax = new Map<string, number>();
  #turn = 0;

  constructor(options: TruthOptions) {
    this.#options = options;
    this.ledger = new SettledRequests(options.groupsOf);
    this.past = new SettledRequests(options.groupsOf);
  }

  get inFlight(): number {
    return this.#open.byHold.size;
  }

  /** Counters whose state can be looked at without making them. */
  knownCounters(): readonly CounterSpec[] {
    const nowMs = this.#options.nowMs();
    return [...this.#known.values()].filter(({ spec, seen }) => this.#mustBeRight(spec, seen, nowMs)).map(({ spec }) => spec);
  }

  /** What was settled in the present period; null for counters without one. */
  settledNow(spec: CounterSpec): { readonly periodStartMs: number; readonly amount: number } | null {
    if (spec.window.is !== 'calendar') return null;
    const period = periodAt(spec.window.boundariesMs, this.#options.nowMs());
    return { periodStartMs: period.startMs, amount: this.ledger.sumIn(spec, period) };
  }

  checkReadings(counters: readonly CounterSpec[], readings: Readings, when: string): void {
    const nowMs = this.#options.nowMs();
    for (const [i, spec] of counters.entries())
      this.#check(spec, readings.used[i] as number, readings.held[i] as number, nowMs, when);
  }

  /** Some counters may have been dropped: they need not be there to be right. */
  forgetKnown(): void {
    this.#known.clear();
  }

  /** Counters and requests in flight are gone; the ledger is what the journal had on record. */
  crashed(rows: readonly Row[]): void {
    const settled = new Map(this.ledger.rows.map((row) => [randomPart(row.requestId), row]));
    const open = new Map([...this.#open.byHold.values()].map((one) => [randomPart(one.requestId), one]));
    this.ledger.replace(
      rows.map((row): Settled => {
        const before = settled.get(randomPart(row.requestId));
        const held = open.get(randomPart(row.requestId));
        const heldNanoUsd = before?.heldNanoUsd ?? sum((held?.parts ?? []).map(({ nanoUsd }) => nanoUsd));
        return { ...row, heldNanoUsd, plan: before?.plan ?? held?.plan ?? null, latestMs: row.atMs };
      }),
    );
    this.past.replace(this.ledger.rows);
    this.#open.clear();
    this.#missed.clear();
    this.#specs.clear();
    this.#known.clear();
  }

  /** What is on record should the process die must cover what earlier attempts used as well. */
  began(record: BeginRecord): void {
    const open = [...this.#open.byHold.values()].find(({ requestId }) => randomPart(requestId) === randomPart(record.requestId));
    const earlier = sum((open?.parts ?? []).slice(1).map(({ tokens }) => tokens));
    const onRecord = record.heldInputTokens + record.heldOutputTokens;
    if (onRecord <= earlier) this.fail(`${record.requestId}: ${onRecord} tokens on record, ${earlier} used by earlier attempts`);
  }

  /** What the ledger says of every request must be what the counters were told. */
  checkLedger(rows: readonly Row[]): void {
    const settled = new Map(this.ledger.rows.map((row) => [randomPart(row.requestId), row]));
    for (const row of rows) {
      const told = settled.get(randomPart(row.requestId));
      if (told === undefined) this.fail(`${row.requestId} is in the ledger and was never settled`);
      else if (facts(told) !== facts(row))
        this.fail(`${row.requestId}: the ledger says ${facts(row)}, the counters were told ${facts(told)}`);
    }
    if (rows.length !== settled.size) this.fail(`${settled.size} requests were settled, ${rows.length} are in the ledger`);
  }

  /** Every minute and hour window must hold what the ledger holds of it, rounded to its slots: after a restart nothing else is known. */
  checkRestored(plans: readonly LimitPlan[]): void {
    const nowMs = this.#options.nowMs();
    for (const spec of plans.flatMap(({ counters }) => counters)) {
      const { window } = spec;
      if (window.is !== 'trailing' || spec.unit === 'nano_usd') continue;
      const since = (slots: number) =>
        this.ledger.sumIn(spec, { startMs: nowMs - window.slotMs * slots + 1, endMs: Number.POSITIVE_INFINITY });
      const restored = this.#open.windowOf(spec, nowMs).sum();
      if (restored < since(60) || restored > since(61)) {
        this.fail(`${spec.name} was restored to ${restored}, where the ledger has ${since(60)} to ${since(61)}`);
      }
    }
  }

  fail(what: string): void {
    this.violation ??= what;
  }

  held(requestId: string, plan: LimitPlan, wanted: Wanted, result: HoldResult): void {
    this.#turn++;
    const seen = this.#planSeen.get(plan) ?? 0;
    const nowMs = result.atMs;
    this.#checkDecision(plan, wanted, result);
    if (result.admitted) {
      const part = { atMs: nowMs, tokens: wanted.tokens, nanoUsd: result.nanoUsd };
      this.#open.byHold.set(result.hold, {
        requestId,
        asker: this.#options.askerOf(requestId),
        plan,
        parts: [part],
        periods: periodsOf(plan, nowMs),
      });
      this.#open.take(plan, part, 1);
    }
    if (result.admitted) this.#checkSpans(plan, nowMs);
    plan.rules.forEach((rule, i) => {
      const spec = plan.counters[rule.counter] as CounterSpec;
      if (!this.#mustBeRight(spec, seen, nowMs)) return;
      this.#check(spec, result.readings.used[i] as number, result.readings.held[i] as number, nowMs, 'at a decision');
    });
    for (const spec of plan.counters) this.#known.set(spec.name, { spec, seen });
  }

  /** A decision must follow from its own readings; that these are true is checked beside. */
  #checkDecision(plan: LimitPlan, wanted: Wanted, result: HoldResult): void {
    const clamps = plan.rules.some((rule) => rule.clampOutput && rule.action === 'block');
    const amounts = { requests: 1, parallel: 1, tokens: wanted.tokens, nano_usd: clamps ? wanted.nanoUsdMin : wanted.nanoUsd };
    plan.rules.forEach((rule, i) => {
      if (rule.action !== 'block') return;
      const used = result.readings.used[i] as number;
      const spec = plan.counters[rule.counter] as CounterSpec;
      if (result.admitted) {
        if (used > rule.value || rule.value === 0)
          this.fail(`admitted above the limit: ${rule.id} is ${rule.value}, used ${used}`);
        this.#valueMax.set(spec.name, Math.max(rule.value, this.#valueMax.get(spec.name) ?? 0));
        return;
      }
      const amount = amounts[spec.unit];
      const named = result.refusing.find((one) => one.rule === i);
      const refuses = used + amount > rule.value || rule.value === 0;
      if (refuses && named === undefined)
        this.fail(`${rule.id} of ${rule.value}, used ${used}, refuses ${amount} and was not named`);
      if (!refuses && named !== undefined)
        this.fail(`${rule.id} of ${rule.value}, used ${used}, has room for ${amount} and was named as refusing`);
      if (named !== undefined) this.#checkWait(rule, spec, used, amount, named.retryAfterMs, result.atMs);
    });
    if (!result.admitted && result.refusing.length === 0) this.fail('refused by no rule');
  }

  /** Never above a limit: in the span that ends now, whatever the counters say of it. */
  #checkSpans(plan: LimitPlan, nowMs: number): void {
    for (const rule of plan.rules) {
      const spec = plan.counters[rule.counter] as CounterSpec;
      if (rule.action !== 'block' || spec.window.is !== 'trailing' || spec.unit === 'nano_usd') continue;
      const inSpan = this.#open.windowOf(spec, nowMs).sumSince(nowMs - spec.window.slotMs * 60);
      if (inSpan > rule.value)
        this.fail(`${inSpan} ${spec.unit} were admitted in one span of ${rule.id}, which is ${rule.value}`);
    }
  }

  #checkWait(rule: LimitRule, spec: CounterSpec, used: number, amount: number, said: number | null, nowMs: number): void {
    if (spec.window.is !== 'trailing' || spec.unit === 'nano_usd') return;
    const canPass = amount <= rule.value && rule.value > 0;
    const expected = canPass ? this.#open.windowOf(spec, nowMs).untilExpiredMs(used + amount - rule.value, nowMs) : null;
    if (said !== expected) this.fail(`${rule.id}: told to wait ${said} ms where ${expected} is right`);
  }

  extended(hold: Hold, more: Pick<Actual, 'tokens' | 'nanoUsd'>, nowMs: number): void {
    this.#turn++;
    const open = this.#open.byHold.get(hold);
    if (open === undefined) return;
    const part = { ...more, atMs: nowMs };
    open.parts.push(part);
    this.#open.take(open.plan, part, 0);
  }

  settled(hold: Hold, actual: Actual, planNow: LimitPlan, nowMs: number): void {
    this.#turn++;
    const open = this.#open.byHold.get(hold);
    if (open === undefined) return;
    this.#open.byHold.delete(hold);
    const { asker, plan, parts, requestId } = open;
    this.#open.settle(open, actual.tokens, nowMs);
    this.#open.countWhereNotHeld(open, actual, planNow, nowMs);
    const heldNanoUsd = sum(parts.map(({ nanoUsd }) => nanoUsd));
    const exceeds = actual.nanoUsd > heldNanoUsd;
    if (asker.bounded && exceeds) this.fail(`${requestId} was bounded, held ${heldNanoUsd} and used ${actual.nanoUsd}`);
    const latestMs = exceeds ? nowMs : Math.max(...parts.map(({ atMs }) => atMs));
    const row = this.#rowOf(hold, actual);
    this.ledger.add({ ...row, heldNanoUsd, plan, latestMs });
    this.#noteMissed(row, [plan, planNow]);
    this.#checkBudgets(open);
  }

  /** An extension is refused only where it would take more than there is, in the period of the admission. */
  notExtended(hold: Hold, more: Pick<Actual, 'tokens' | 'nanoUsd'>, nowMs: number): void {
    this.#turn++;
    const open = this.#open.byHold.get(hold);
    if (open === undefined) return;
    const hasNoRoom = open.plan.rules.some((rule) => {
      const spec = open.plan.counters[rule.counter] as CounterSpec;
      const amount = spec.unit === 'tokens' ? more.tokens : spec.unit === 'nano_usd' ? more.nanoUsd : 0;
      const atMs = spec.window.is === 'calendar' ? hold.atMs : nowMs;
      const isSure = this.#mustBeRight(spec, this.#planSeen.get(open.plan) ?? 0, nowMs);
      return rule.action === 'block' && amount > 0 && (!isSure || this.#expected(spec, atMs).usedMax + amount > rule.value);
    });
    if (!hasNoRoom) this.fail(`${open.requestId} was refused an extension that every limit had room for`);
  }

  sees(plan: LimitPlan): void {
    if (this.#planSeen.has(plan)) return;
    this.#planSeen.set(plan, this.#turn);
    for (const spec of plan.counters) this.#specs.set(spec.name, spec);
  }

  settledAtOnce(hold: Hold, actual: Actual): void {
    this.past.add({ ...this.#rowOf(hold, actual), heldNanoUsd: 0, plan: null, latestMs: hold.atMs });
  }

  #rowOf({ requestId, atMs }: Hold, { tokens, nanoUsd }: Actual): Row {
    const { organizationId, teamId, memberId, keyId, calledName } = this.#options.askerOf(requestId);
    return { requestId, organizationId, teamId, memberId, keyId, calledName, atMs, tokens, nanoUsd };
  }

  /** Counters of the request's scopes that neither its plan nor the one in force count: their limit is gone for now. */
  #noteMissed(row: Row, plans: readonly LimitPlan[]): void {
    const counted = new Set(
      plans.flatMap(({ counters }) => counters.filter((spec) => reaches(spec, row.atMs)).map(({ name }) => name)),
    );
    for (const [name, spec] of this.#specs) {
      if (spec.window.is !== 'now' && !counted.has(name) && this.ledger.counts(spec, row)) this.#missed.set(name, this.#turn);
    }
  }

  /** Spend ≤ budget + what requests used beyond their holds. */
  #checkBudgets({ plan, parts }: Open<Asker>): void {
    for (const rule of plan.rules) {
      const spec = plan.counters[rule.counter] as CounterSpec;
      if (rule.action !== 'block' || spec.unit !== 'nano_usd' || spec.window.is !== 'calendar') continue;
      const period = periodAt(spec.window.boundariesMs, parts[0].atMs);
      const spent = this.ledger.sumIn(spec, period);
      const bound = (this.#valueMax.get(spec.name) ?? 0) + this.ledger.overshootIn(spec, period);
      if (spent > bound) this.fail(`${rule.id}: spent ${spent}, above the budget and all that was used beyond holds, ${bound}`);
    }
  }

  restored(plan: LimitPlan, at: SeedPoint & { readonly unit: 'requests' | 'tokens' }, nowMs: number): void {
    for (const spec of plan.counters) {
      if (spec.window.is !== 'trailing' || spec.unit !== at.unit || at.atMs <= nowMs - spec.window.slotMs * 60) continue;
      this.#open.windowOf(spec, nowMs).add(Math.min(at.atMs, nowMs), at.amount);
    }
  }

  forgot(counters: readonly CounterSpec[]): void {
    this.#turn++;
    for (const { name } of counters) {
      this.#open.dropSettled(name);
      this.#missed.delete(name);
      this.#known.delete(name);
    }
  }

  #mustBeRight(spec: CounterSpec, seen: number, nowMs: number): boolean {
    if (!reaches(spec, nowMs)) return false;
    const missed = this.#missed.get(spec.name);
    return missed === undefined || seen > missed;
  }

  #check(spec: CounterSpec, used: number, held: number, nowMs: number, when: string): void {
    const expected = this.#expected(spec, nowMs);
    const isRight = used >= expected.usedMin && used <= expected.usedMax && (expected.held === null || held === expected.held);
    if (isRight) return;
    const truth = expected.usedMin === expected.usedMax ? `${expected.usedMin}` : `${expected.usedMin} to ${expected.usedMax}`;
    this.fail(`${when} ${spec.name} reads ${used} (held ${held}); by the ledger it is ${truth} (held ${expected.held})`);
  }

  #expected(spec: CounterSpec, nowMs: number): Expected {
    const { window } = spec;
    switch (window.is) {
      case 'now': {
        const held = this.#open.holding(spec).length;
        return { usedMin: held, usedMax: held, held };
      }
      case 'calendar': {
        const period = periodAt(window.boundariesMs, nowMs);
        const open = this.#open.holding(spec).filter(({ startMs }) => startMs === period.startMs);
        const held = sum(open.map(({ open: { parts } }) => heldOf(spec, parts)));
        const used = this.ledger.sumIn(spec, period) + held;
        return { usedMin: used, usedMax: used, held };
      }
      case 'trailing': {
        if (spec.unit === 'nano_usd') return this.#expectedRolling(spec, window.slotMs, nowMs);
        const naive = this.#open.windowOf(spec, nowMs);
        return { usedMin: naive.sum(), usedMax: naive.sum(), held: naive.held() };
      }
    }
  }

  /** A slot may count one slot longer than it must, and an excess where the slot was gone counts from its settlement. */
  #expectedRolling(spec: CounterSpec, slotMs: number, nowMs: number): Expected {
    const surelyMs = nowMs - 60 * slotMs;
    const perhapsMs = surelyMs - slotMs;
    const parts = this.#open.holding(spec).flatMap(({ open }) => open.parts);
    const rows = this.ledger.rows.filter((row) => this.ledger.counts(spec, row));
    const usedMin = sum([...parts, ...rows].filter(({ atMs }) => atMs > surelyMs).map(({ nanoUsd }) => nanoUsd));
    const open = parts.filter(({ atMs }) => atMs > perhapsMs);
    const settled = rows.filter(({ latestMs }) => latestMs > perhapsMs);
    return { usedMin, usedMax: sum([...open, ...settled].map(({ nanoUsd }) => nanoUsd)), held: null };
  }
}

/** Whether a plan knows the period of an instant: one that waited for days counts in its last. */
function reaches({ window }: CounterSpec, atMs: number): boolean {
  return window.is !== 'calendar' || atMs < (window.boundariesMs.at(-1) as number);
}

/** The random part of a request id: its time is stamped anew when it is admitted. */
function randomPart(requestId: string): string {
  return requestId.slice(16);
}

function facts({ tokens, nanoUsd, atMs }: Row): string {
  return `${tokens} tokens and ${nanoUsd} nano-dollars at ${atMs}`;
}
