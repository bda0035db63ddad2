import type { DecisionShape, ShapeRule } from '../domain/decision.ts';
import { type DecisionFacts, decisionBody } from '../domain/decision-view.ts';
import type { EndRecord } from '../journal/records.ts';
import type { DecisionLookup } from './gateway.ts';

/** Where finished requests are looked for: this process first, then the store. */
export interface DecisionSources {
  readonly inMemory: (requestId: string) => EndRecord | null;
  readonly shapeInMemory: (organizationId: string, shapeId: string) => string | null;
  readonly inStore: (organizationId: string, requestId: string) => Promise<DecisionFacts | null>;
  readonly shapeInStore: (organizationId: string, shapeId: string) => Promise<readonly ShapeRule[] | null>;
}

/** A decision is readable at once in the process that answered; an id that memory does not hold is asked of the store. */
export function createDecisionLookup(sources: DecisionSources): DecisionLookup {
  return {
    async find(organizationId, id) {
      const record = sources.inMemory(id);
      const facts =
        record === null ? await sources.inStore(organizationId, id) : { ...record, requestId: id, atMs: record.admittedAtMs };
      if (facts === null || facts.organizationId !== organizationId) return null;
      return { keyId: facts.keyId, decision: decisionBody(facts, await shapeOf(facts, sources)) };
    },
  };
}

async function shapeOf({ organizationId, decision }: DecisionFacts, sources: DecisionSources): Promise<DecisionShape | null> {
  const id = decision.slice(0, decision.indexOf('|'));
  if (id === '') return null;
  const text = sources.shapeInMemory(organizationId, id);
  const rules = text === null ? await sources.shapeInStore(organizationId, id) : (JSON.parse(text) as readonly ShapeRule[]);
  return rules === null ? null : { id, rules };
}
