/** Faults that must fire alerts, one after the other on one site, and what came of each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AlertWatch, watchAlerts } from './alert-watch.ts';

/** A fault that is made for real, or several that stand together. */
export interface AlertFault {
  /** What is made, in a few words. */
  readonly fault: string;
  /** The alerts that it must fire. */
  readonly fires: readonly string[];
  /** Makes it. Resolves, as soon as it stands, with what mends it. */
  make(watch: AlertWatch): Promise<() => Promise<unknown>>;
}

/** Gateways that are well, with traffic, and what is done to them. */
export interface AlertSite {
  readonly name: string;
  readonly targets: readonly string[];
  readonly faults: readonly AlertFault[];
  close(): Promise<void>;
}

export interface FiredAlert {
  readonly alert: string;
  readonly fault: string;
  /** From the fault to the alert in Prometheus; null: it did not fire. */
  readonly firedMs: number | null;
  /** From the mending to its end; null: it did not end. */
  readonly endedMs: number | null;
}

export interface SiteResult {
  readonly name: string;
  readonly alerts: readonly FiredAlert[];
  /** What fired while the site was well. */
  readonly atRest: readonly string[];
  /** For each fault: what else fired from its making to the end of its own alerts. */
  readonly beside: readonly { readonly fault: string; readonly alerts: readonly string[] }[];
  readonly problems: readonly string[];
}

/** Longer than the wait of each alert but HeadgateJobFails. */
const REST_MS = 60_000;
const REST_LOOKS = 5;
const REST_LOOK_EVERY_MS = 1_000;
const FIRES_MS_MAX = 180_000;
const ENDS_MS_MAX = 150_000;
const LOOK_EVERY_MS = 250;

/** Watches the well site first, and then makes each fault, waits for its alerts, mends it, and waits for their end. */
export async function watchSite(rules: string, site: AlertSite, doing: (what: string) => void): Promise<SiteResult> {
  const watch = await watchAlerts(rules, site.targets);
  try {
    doing(`${site.name}: at rest`);
    const [atRest, problems] = await watchRest(watch, site.name);
    const alerts: FiredAlert[] = [];
    const beside: { fault: string; alerts: string[] }[] = [];
    for (const fault of site.faults) {
      doing(`${site.name}: ${fault.fault}`);
      const { fired, others, trouble } = await tryFault(watch, fault);
      alerts.push(...fired);
      beside.push({ fault: fault.fault, alerts: others });
      problems.push(...trouble);
    }
    return { name: site.name, alerts, atRest, beside, problems };
  } finally {
    await watch.stop();
  }
}

/** Returns what fired, and what was true at every look at the end, although it had not fired yet. */
async function watchRest(watch: AlertWatch, name: string): Promise<[readonly string[], string[]]> {
  await sleep(REST_MS);
  let pending = await watch.pending();
  for (let look = 0; look < REST_LOOKS; look += 1) {
    await sleep(REST_LOOK_EVERY_MS);
    pending = pending.intersection(await watch.pending());
  }
  const fired = watch.takeFired();
  const problems = [
    ...fired.map((alert) => `${name}, at rest: ${alert} fired`),
    ...[...pending].filter((alert) => !fired.includes(alert)).map((alert) => `${name}, at rest: ${alert} is about to fire`),
  ];
  return [fired, problems];
}

async function tryFault(watch: AlertWatch, { fault, fires, make }: AlertFault) {
  const trouble: string[] = [];
  if (!(await holds(ENDS_MS_MAX, async () => none(fires, await watch.firing()))))
    trouble.push(`${fault}: ${fires.join(', ')} fired before the fault was made`);
  watch.takeFired();
  let [firedMs, endedMs]: [Times, Times] = [new Map(), new Map()];
  try {
    const mend = await make(watch);
    firedMs = await timesOf(fires, FIRES_MS_MAX, async (alert) => (await watch.firing()).has(alert));
    await mend();
    endedMs = await timesOf([...firedMs.keys()], ENDS_MS_MAX, async (alert) => !(await watch.firing()).has(alert));
  } catch (error) {
    trouble.push(`${fault}: ${(error as Error).stack ?? error}`);
  }
  const fired = fires.map((alert) => ({
    ...{ alert, fault },
    ...{ firedMs: firedMs.get(alert) ?? null, endedMs: endedMs.get(alert) ?? null },
  }));
  for (const one of fired) {
    if (one.firedMs === null) trouble.push(`${fault}: ${one.alert} did not fire within ${FIRES_MS_MAX / 1_000} s`);
    else if (one.endedMs === null)
      trouble.push(`${fault}: ${one.alert} did not end within ${ENDS_MS_MAX / 1_000} s after it was mended`);
  }
  return { fired, others: watch.takeFired().filter((alert) => !fires.includes(alert)), trouble };
}

type Times = ReadonlyMap<string, number>;

/** Returns when each became so, in milliseconds from now. Absent: not within the time. */
async function timesOf(alerts: readonly string[], msMax: number, isSo: (alert: string) => Promise<boolean>): Promise<Times> {
  const sinceMs = performance.now();
  const times = new Map<string, number>();
  await holds(msMax, async () => {
    for (const alert of alerts) if (!times.has(alert) && (await isSo(alert))) times.set(alert, performance.now() - sinceMs);
    return times.size === alerts.length;
  });
  return times;
}

function none(alerts: readonly string[], firing: ReadonlySet<string>): boolean {
  return !alerts.some((alert) => firing.has(alert));
}

/** Waits until it is so; false if the time passed first. */
export async function holds(msMax: number, isSo: () => Promise<boolean>): Promise<boolean> {
  for (const sinceMs = performance.now(); performance.now() - sinceMs < msMax; await sleep(LOOK_EVERY_MS)) {
    if (await isSo().catch(() => false)) return true;
  }
  return false;
}
