import type { Counters, Hold } from '../../src/counters/counters.ts';
import { createMemoryCounters, type MemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import { type LimitPlan, planLimits } from '../../src/domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../src/domain/limits/period.ts';
import { createTraffic } from '../../src/observe/traffic.ts';
import { createDeploymentHealth } from '../../src/proxy/deployments/health.ts';
import { createDeploymentLoad } from '../../src/proxy/deployments/load.ts';
import { createDeploymentMeasures } from '../../src/proxy/deployments/measures.ts';
import { createDeploymentPace } from '../../src/proxy/deployments/pace.ts';
import { createSecretChoice } from '../../src/proxy/deployments/secret-choice.ts';
import type { Gateway } from '../../src/proxy/gateway.ts';
import { createCopyState } from '../../src/proxy/mirror/copy-state.ts';
import { type RestoreSources, restoreRecent } from '../../src/proxy/snapshot/restore.ts';
import { type ConfigSource, openSnapshot } from '../../src/proxy/snapshot/snapshot.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { openAnswerCache } from '../support/answer-cache.ts';
import { memoryConversations, memoryResponses, noFiles } from '../support/stored-responses.ts';
import { delayed } from './delayed.ts';
import { type Fault, withFault } from './faults.ts';
import type { ModelJournal } from './model-journal.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import { scriptedProvider } from './scripted-provider.ts';
import type { Truth } from './truth.ts';
import { watch } from './watch.ts';
import type { World } from './world.ts';

/** One life of the gateway, from its start to a crash: the real walk, the real snapshot and counters, over a model of everything outside. */
export interface Process {
  readonly gateway: Gateway;
  readonly memory: MemoryCounters;
  /** What the checks ask: the counters with their fault, without delay. */
  readonly counters: Counters;
  /** Tells the truth what the counters did since. */
  readonly tell: () => void;
}

export interface Surroundings {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly world: World;
  readonly journal: ModelJournal;
  readonly truth: Truth;
  readonly database: { away: boolean };
  readonly fault: Fault | null;
  /** The counters answer some turns later. */
  readonly delays: boolean;
  readonly newRequestId: () => string;
  readonly hungUp: (hold: Hold) => boolean;
  /** Told which counters there are now, before they count anything. */
  readonly counting: (memory: MemoryCounters) => void;
}

const HOUR_MS = 3_600_000;

/** Starts as `open-gateway.ts` does: the last hour is counted again before anyone is admitted. */
export async function startProcess(surroundings: Surroundings): Promise<Process> {
  const { schedule, random, journal, truth, fault, delays } = surroundings;
  const memory = countersOf(surroundings);
  surroundings.counting(memory);
  const sometimes = () => random.chance(0.1);
  const counters =
    fault === null ? memory : withFault(fault, memory, { nowMs: schedule.nowMs, hungUp: surroundings.hungUp, sometimes });
  const watched = watch(counters, truth, () => memory.nowMs());
  const asked = delays ? delayed(watched.counters, (run) => void schedule.after(random.whole(0, 40), run)) : watched.counters;
  const source = storeOf(surroundings);
  const traffic = createTraffic();
  const snapshot = await openSnapshot({
    source,
    clock: schedule,
    inFlight: () => traffic.inFlight(),
    keysMax: 100,
    forget: (added) => void asked.forget(added),
    recount: (changed) => void asked.recount(changed),
    unreadable: () => {},
  });
  await restore(surroundings, source, asked);
  const gateway: Gateway = {
    clock: schedule,
    snapshot,
    counters: asked,
    journal,
    providers: new Map([['fake', scriptedProvider(schedule, random)]]),
    health: createDeploymentHealth(schedule),
    secrets: createSecretChoice(schedule, () => {}),
    load: createDeploymentLoad(schedule),
    measures: createDeploymentMeasures(schedule),
    pace: createDeploymentPace(),
    traffic,
    tracing: null,
    lines: { note: () => {}, usageImplausible: () => {} },
    largeBodies: { read: noLargeBody, translate: noLargeBody },
    decisions: { find: async () => null },
    answerCache: openAnswerCache(schedule),
    sealContent: () => null,
    pseudonym: (_organizationId, name) => name,
    mirrors: createCopyState(schedule, () => {}),
    promptCacheKey: (_organizationId, name) => name,
    responses: memoryResponses(),
    conversations: memoryConversations(),
    files: noFiles,
    workloads: null,
    batches: null,
    agents: null,
    refused: () => {},
    defect: (error) => truth.fail(`a defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    requestId: surroundings.newRequestId,
    random: random.next,
    after: (ms, callback) => schedule.after(ms, callback),
    settings: { attemptsMax: 4, stallMsMax: 20_000, contentBytesMax: 1_000, answerBytesMax: 1_000_000 },
  };
  return { gateway, memory, counters, tell: watched.tell };
}

/** Every plan that a key of this world has for some name now. */
export function plansOf(world: World, nowMs: number): readonly LimitPlan[] {
  const plans: LimitPlan[] = [];
  for (const key of world.keys.values()) {
    const organization = world.organizations.get(key.organizationId);
    const team = organization?.teams.get(key.teamId);
    if (organization === undefined || team === undefined) continue;
    const member = key.owner.is === 'member' ? (organization.members.get(key.owner.memberId) ?? null) : null;
    for (const target of world.catalogue.targets.values()) {
      plans.push(planLimits({ key, organization, team, member }, target.name, target.accessGroups, nowMs));
    }
  }
  return plans;
}

function countersOf({ schedule, random, truth, database, fault }: Surroundings): MemoryCounters {
  return createMemoryCounters({
    clock: schedule,
    idleMs: 10 * 60_000,
    seedFrom: (spec, fromMs, toMs, nowAsOf) => {
      // Fixed windows would start as empty as trailing ones do.
      if (fault === 'fixed-window' && toMs - fromMs <= HOUR_MS) return Promise.resolve([]);
      const pointsNow = () => truth.past.pointsOf(spec, { startMs: fromMs, endMs: toMs });
      let points = pointsNow();
      // Asked while another answer is under way it is answered as of later.
      if (random.chance(0.5)) {
        schedule.after(random.whole(0, 50), () => {
          points = pointsNow();
          if (fault !== 'past-as-of-later-untold') nowAsOf();
        });
      }
      return new Promise((resolve, reject) => {
        schedule.after(random.whole(51, 200), () => (database.away ? reject(databaseAway()) : resolve(points)));
      });
    },
  });
}

interface ModelStore extends ConfigSource {
  query<T>(read: () => T): Promise<T>;
}

function databaseAway(): StoreUnavailable {
  return new StoreUnavailable('the database is away', '08006');
}

/** The store's queries: they take a while, see one instant, and fail while the database is away. */
function storeOf({ schedule, random, world, database }: Surroundings): ModelStore {
  const query = <T>(read: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      schedule.after(random.whole(0, 30), () => {
        if (database.away) return reject(databaseAway());
        const found = read();
        schedule.after(random.whole(0, 30), () => resolve(found));
      });
    });
  return {
    query,
    loadCatalogue: () => query(() => world.catalogue),
    loadOrganization: (organizationId) => query(() => world.organizations.get(organizationId) ?? null),
    findKeyBySecret: (secret) =>
      query(() => {
        const key = world.keys.get(world.keyIdBySecret.get(secret) ?? '');
        return key === undefined ? null : { key, secretValidUntilMs: null };
      }),
    findKey: (_organizationId, keyId) => query(() => world.keys.get(keyId) ?? null),
    versions: () => query(() => new Map(world.versions)),
  };
}

async function restore({ schedule, world, truth }: Surroundings, source: ModelStore, counters: Counters): Promise<void> {
  const nowMs = schedule.nowMs();
  const recent = truth.past.rows
    .filter(({ atMs }) => atMs > nowMs - HOUR_MS && atMs < FAR_FUTURE_MS)
    .map(({ organizationId, teamId, memberId, keyId, calledName, atMs, tokens }) => ({
      organizationId,
      teamId,
      memberId,
      keyId,
      calledName,
      atMs,
      requests: 1,
      tokens,
    }));
  const sources: RestoreSources = {
    catalogue: world.catalogue,
    counters,
    loadOrganizations: (ids) => source.query(() => new Map([...world.organizations].filter(([id]) => ids.includes(id)))),
    findKeys: (keys) => source.query(() => [...world.keys.values()].filter(({ id }) => keys.some(({ keyId }) => keyId === id))),
  };
  await restoreRecent(recent, sources, nowMs);
}

function noLargeBody(): Promise<never> {
  return Promise.reject(new Error('no body of a simulation is large'));
}
