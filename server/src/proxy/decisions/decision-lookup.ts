import { type TagShape, tagShapeIdOf } from '../../domain/access/tag-routing.ts';
import { deploymentIdsOf } from '../../domain/decision/attempts-made.ts';
import type { ShapeRule } from '../../domain/decision/decision.ts';
import { type DecisionFacts, decisionBody, shapeIdOfDecision, tenantsDecision } from '../../domain/decision/decision-view.ts';
import { answeredBy } from '../../ledger/answered-by.ts';
import type { EndRecord } from '../../ledger/records.ts';
import type { DecisionLookup } from '../gateway.ts';

/** The sources of finished requests: first this process's memory, then the store. */
export interface DecisionSources {
  readonly inMemory: (requestId: string) => EndRecord | null;
  readonly shapeInMemory: (organizationId: string, shapeId: string) => string | null;
  readonly inStore: (organizationId: string, requestId: string) => Promise<DecisionFacts | null>;
  /** Returns those of these deployments that organizations brought. */
  readonly ownAmong: (deploymentIds: ReadonlySet<string>) => Promise<ReadonlySet<string>>;
  readonly shapeInStore: (organizationId: string, shapeId: string) => Promise<unknown>;
}

/** Creates the lookup. The process that answered reads a decision from memory at once. Other ids are looked up in the store. */
export function createDecisionLookup(sources: DecisionSources): DecisionLookup {
  return {
    async find(organizationId, id) {
      const record = sources.inMemory(id);
      const facts = record === null ? await sources.inStore(organizationId, id) : { ...factsOf(record), requestId: id };
      if (facts === null || facts.organizationId !== organizationId) return null;
      const shapeId = shapeIdOfDecision(facts.decision);
      const rules = (await shapeOf(organizationId, shapeId, sources)) as readonly ShapeRule[] | null;
      const tags = (await shapeOf(organizationId, tagShapeIdOf(facts.tagRoute), sources)) as TagShape | null;
      const shape = shapeId === null || rules === null ? null : { id: shapeId, rules };
      // A decision in memory is shown also while the database is away.
      const own = await sources.ownAmong(deploymentIdsOf(facts)).catch(() => null);
      return { keyId: facts.keyId, decision: tenantsDecision(decisionBody({ ...facts, own }, shape, tags)) };
    },
  };
}

/** Returns the facts of a request that is still in this process's memory. */
export function factsOf(record: EndRecord): DecisionFacts {
  return { ...record, atMs: record.admittedAtMs, answeredBy: answeredBy(record) };
}

async function shapeOf(organizationId: string, id: string | null, sources: DecisionSources): Promise<unknown> {
  if (id === null) return null;
  const text = sources.shapeInMemory(organizationId, id);
  return text === null ? sources.shapeInStore(organizationId, id) : JSON.parse(text);
}
