/** Decisions for people: from what this process still remembers, else from the database. */
import type { DecisionShape, ShapeRule } from '../domain/decision.ts';
import { type DecisionBody, type DecisionFacts, decisionBody, shapeIdOfDecision } from '../domain/decision-view.ts';
import type { Database } from './database.ts';
import { findDecision, findShape } from './request-log.ts';

/** What a process remembers of requests that ended in it: the journal, seen from here. */
export interface RecentDecisions {
  /** By its own id or by that of a repeat that shares its row. */
  find(requestId: string): (Omit<DecisionFacts, 'atMs'> & { readonly admittedAtMs: number }) | null;
  /** The rules behind a shape id, as JSON. */
  findShape(organizationId: string, shapeId: string): string | null;
}

/** Null: no such request of this organization. Throws StoreUnavailable when memory does not hold it and the database is away. */
export async function lookUpDecision(
  db: Database,
  recent: RecentDecisions | null,
  address: { readonly organizationId: string; readonly requestId: string },
): Promise<DecisionBody | null> {
  const remembered = recent?.find(address.requestId) ?? null;
  if (remembered !== null && remembered.organizationId === address.organizationId) {
    return renderDecision(db, recent, { ...remembered, requestId: address.requestId, atMs: remembered.admittedAtMs });
  }
  const facts = await findDecision(db, address);
  return facts === null ? null : renderDecision(db, recent, facts);
}

/** Renders a decision with the rules its shape stands for, wherever they are. */
export async function renderDecision(
  db: Database,
  recent: Pick<RecentDecisions, 'findShape'> | null,
  facts: DecisionFacts,
): Promise<DecisionBody> {
  const id = shapeIdOfDecision(facts.decision);
  if (id === null) return decisionBody(facts, null);
  const { organizationId } = facts;
  const remembered = recent?.findShape(organizationId, id) ?? null;
  const rules =
    remembered === null ? await findShape(db, { organizationId, shapeId: id }) : (JSON.parse(remembered) as ShapeRule[]);
  return decisionBody(facts, rules === null ? null : ({ id, rules } satisfies DecisionShape));
}
