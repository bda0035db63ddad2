import { api, asked, type Schema } from '../../api/client.ts';
import type { PolicyBody } from '../../api/gateway.ts';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { detourBody, detourDraft, detourParts, detoursFromJson } from './detours.ts';
import { words } from './words.ts';

export type RouteGroup = Schema<'RouteGroup'>;
export type Deployment = Schema<'Deployment'>;

export const STRATEGIES = [
  { value: 'weighted', label: words.weighted },
  { value: 'priority', label: words.byPriority },
  { value: 'least_busy', label: words.leastBusy },
  { value: 'latency', label: words.latency },
  { value: 'cheapest', label: words.cheapest },
  { value: 'usage', label: words.usage },
  { value: 'headroom', label: words.headroom },
] as const satisfies readonly { readonly value: PolicyBody['strategy']; readonly label: string }[];

/** Describes a strategy: `Weighted: chosen by weight`. */
export function strategyWords(strategy: PolicyBody['strategy']): string {
  return STRATEGIES.find(({ value }) => value === strategy)?.label ?? strategy;
}

export function policyOfGroup(group: RouteGroup): PolicyBody {
  const members = group.members.map(({ deployment_id, weight, priority }) => ({ deployment_id, weight, priority }));
  return { strategy: group.strategy, members, ...detourDraft(group) };
}

/** Reports whether two policies route alike. The order of members does not matter. */
export function isSamePolicy(one: PolicyBody, other: PolicyBody): boolean {
  return canonical(one) === canonical(other);
}

function canonical(policy: PolicyBody): string {
  return JSON.stringify([policy.strategy, inOrder(policy.members), detourBody(policy)]);
}

function inOrder(members: PolicyBody['members']) {
  return sortedMembers(members).map(({ deployment_id: id, weight, priority }) => [id, weight, priority]);
}

/** Returns the members by id, the order in which the gateway stores them and takes the first if none has a weight. */
export function sortedMembers(members: PolicyBody['members']): PolicyBody['members'] {
  return [...members].sort((a, b) => (a.deployment_id < b.deployment_id ? -1 : 1));
}

/** Returns the parts of a policy, so that two people can change them at once. */
export function policyParts(nameOf: (deploymentId: string) => string): readonly EditPart<PolicyBody>[] {
  return [
    {
      name: 'strategy',
      label: words.strategy,
      words: ({ strategy }) => strategyWords(strategy),
    },
    {
      name: 'members',
      label: words.members,
      words: ({ members }) => (members.length === 0 ? words.none : members.map((one) => memberWords(one, nameOf)).join('\n')),
      known: ({ members }) => inOrder(members),
    },
    ...detourParts<PolicyBody>(nameOf),
  ];
}

function memberWords(member: PolicyBody['members'][number], nameOf: (deploymentId: string) => string): string {
  return words.memberLine(nameOf(member.deployment_id), member.weight, member.priority);
}

/** Returns the reason why a typed policy cannot be simulated, or null. The server checks more. */
export function problemOf({ members }: PolicyBody): string | null {
  if (members.some(({ deployment_id: id }) => id === '')) return words.chooseDeployments;
  const ids = new Set(members.map(({ deployment_id: id }) => id));
  return ids.size === members.length ? null : words.listedTwice;
}

/** Parses a policy from JSON, or says what is wrong with it. The server checks more. */
export function policyFromJson(text: string): { readonly policy: PolicyBody } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: words.notValidJson(error instanceof Error ? error.message : '') };
  }
  const { strategy: named, members } = (typeof value === 'object' && value !== null ? value : {}) as Partial<PolicyBody>;
  const strategy = STRATEGIES.find((one) => one.value === named)?.value;
  if (strategy === undefined)
    return { problem: words.strategyMustBe(STRATEGIES.map((one) => JSON.stringify(one.value)).join(', ')) };
  if (!Array.isArray(members)) return { problem: words.membersMustBeList };
  const read: PolicyBody['members'][number][] = [];
  for (const member of members as readonly Partial<PolicyBody['members'][number]>[]) {
    if (typeof member?.deployment_id !== 'string') return { problem: words.memberNeedsDeployment };
    const { deployment_id, weight = 1, priority = 0 } = member;
    if (!isWhole(weight) || !isWhole(priority)) return { problem: words.wholeNumbers };
    read.push({ deployment_id, weight, priority });
  }
  const detours = detoursFromJson(value as Partial<PolicyBody>);
  return 'problem' in detours ? detours : { policy: { strategy, members: read, ...detours } };
}

function isWhole(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/** Names a deployment: `fast · fake-small · demo, eu`. The name distinguishes deployments of one model. */
export function deploymentName({ model, upstream_model, tags }: Pick<Deployment, 'model' | 'upstream_model' | 'tags'>): string {
  return [model, upstream_model, tags.join(', ')].filter((part) => part !== '').join(' · ');
}

/** Reads the deployments with these ids. Deleted ones are left out. */
export async function deploymentsNamed(ids: readonly string[]): Promise<ReadonlyMap<string, Deployment>> {
  const found = await Promise.allSettled(ids.map((id) => asked(api.GET('/deployments/{id}', { params: { path: { id } } }))));
  return new Map(found.flatMap((one) => (one.status === 'fulfilled' ? [[one.value.id, one.value] as const] : [])));
}
