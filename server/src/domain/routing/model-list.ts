import { plainModelName } from './known-model.ts';

/**
 * The comparison of a vendor's own list of models with deployments. `gone`: a deployment uses it and the vendor does not list it;
 * `unpriced`: the vendor lists it and no price of it is known; `in_use`: a deployment uses it; `not_deployed`: none does.
 */
export const LISTED_STATES = ['gone', 'unpriced', 'not_deployed', 'in_use'] as const;
export type ListedState = (typeof LISTED_STATES)[number];

export interface ComparedModel {
  readonly upstreamModel: string;
  readonly state: ListedState;
  readonly deploymentIds: readonly string[];
}

interface UsingDeployment {
  readonly id: string;
  readonly upstreamModel: string;
  readonly updatedAt: Date;
  /** True if a price is in force. */
  readonly isPriced: boolean;
}

export interface ListToCompare {
  readonly provider: string;
  readonly listed: readonly string[];
  /** True if the list is longer than `listed`. It then has every name that a deployment used at `readAt`. */
  readonly isCut: boolean;
  readonly readAt: Date;
  readonly deployments: readonly UsingDeployment[];
  /** The listed names of which a price is known. */
  readonly priced: ReadonlySet<string>;
}

export interface Comparison {
  /** By name. */
  readonly models: readonly ComparedModel[];
  /** Deployments whose model the list would not have, whatever the vendor serves. */
  readonly notCompared: readonly string[];
}

/** Compares a vendor's list with the deployments of the credential with which it was read. */
export function compareModelList({ provider, listed, isCut, readAt, deployments, priced }: ListToCompare): Comparison {
  const names = new Set(listed);
  const byName = Map.groupBy(deployments, ({ upstreamModel }) => listedNameOf(provider, upstreamModel));
  const unknown = byName.get(null) ?? [];
  byName.delete(null);
  const models: ComparedModel[] = [];
  const unsure: UsingDeployment[] = [];
  for (const [name, using] of byName as Map<string, UsingDeployment[]>) {
    if (names.has(name)) continue;
    const isAfter = isCut && using.every(({ updatedAt }) => updatedAt > readAt);
    if (isAfter) unsure.push(...using);
    else models.push({ upstreamModel: name, state: 'gone', deploymentIds: using.map(({ id }) => id) });
  }
  for (const name of names) {
    const using = byName.get(name) ?? [];
    const isPriced = priced.has(name) || using.some((one) => one.isPriced);
    const state = !isPriced ? 'unpriced' : using.length > 0 ? 'in_use' : 'not_deployed';
    models.push({ upstreamModel: name, state, deploymentIds: using.map(({ id }) => id) });
  }
  models.sort((one, other) => (one.upstreamModel < other.upstreamModel ? -1 : 1));
  return { models, notCompared: [...unknown, ...unsure].map(({ id }) => id) };
}

/** The regions and groups of regions that AWS puts before the name of a profile. */
const PROFILE_REGION = /^(?:us|eu|apac|jp|au|ca|in|sa|me|af|uk|global|us-gov)\./;

/**
 * Returns the name under which a vendor lists a deployment's model. Null if its list has no such names: Azure lists models and not
 * the names that people give them, AWS no ARNs, and Google at Vertex AI only its own models.
 */
export function listedNameOf(provider: string, upstreamModel: string): string | null {
  switch (provider) {
    case 'azure':
      return null;
    case 'bedrock':
      return upstreamModel.startsWith('arn:') ? null : upstreamModel.replace(PROFILE_REGION, '');
    case 'vertex': {
      const name = upstreamModel.replace(/^publishers\/google\/models\//, '').replace(/^models\//, '');
      return name.includes('/') || name.startsWith('claude') ? null : name;
    }
    case 'gemini':
      return plainModelName(upstreamModel);
    default:
      return upstreamModel;
  }
}
