import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, askedWithETag } from '../../api/client.ts';
import { type PolicyBody, publishPolicy } from '../../api/gateway.ts';
import { type Edited, useEdited } from '../../components/dialogs/useEdited.ts';
import {
  deploymentName,
  isSamePolicy,
  policyFromJson,
  policyOfGroup,
  policyParts,
  problemOf,
  type RouteGroup,
} from './policy.ts';
import { useDeployments } from './useDeployments.ts';

/** A policy while it is edited: in fields, or as text that may not be valid yet. */
export type TypedPolicy = { readonly is: 'guided'; readonly policy: PolicyBody } | { readonly is: 'json'; readonly text: string };

export interface PolicyDraft {
  readonly typed: TypedPolicy;
  setTyped(typed: TypedPolicy): void;
  discard(): void;
  /** The typed policy. Null while it cannot be simulated, for the reason in `problem`. */
  readonly policy: PolicyBody | null;
  readonly problem: string | null;
  readonly isChanged: boolean;
  /** True if somebody else has published a different policy since this edit began. */
  readonly isBehind: boolean;
  readonly edited: Edited<RouteGroup, PolicyBody>;
}

/** Holds one person's edit of a route group's policy. What they typed stays when others publish. */
export function usePolicyDraft(group: RouteGroup): PolicyDraft {
  const queryClient = useQueryClient();
  const [typed, setTyped] = useState<TypedPolicy>({ is: 'guided', policy: policyOfGroup(group) });
  const read = readOf(typed);
  const known = 'policy' in read ? read.policy : null;
  const problem = 'problem' in read ? read.problem : problemOf(read.policy);
  const write = (policy: PolicyBody) => setTyped(typed.is === 'json' ? asJson(policy) : { is: 'guided', policy });
  const deployments = useDeployments([...group.members, ...(known?.members ?? [])].map(({ deployment_id: id }) => id));
  const nameOf = (id: string) => {
    const deployment = deployments.get(id);
    return deployment === undefined ? id : deploymentName(deployment);
  };
  const edited = useEdited<RouteGroup, PolicyBody>(
    {
      read: async () => {
        const version = await askedWithETag(api.GET('/route-groups/{id}', { params: { path: { id: group.id } } }));
        queryClient.setQueryData(['route-group', group.id], version.data);
        return version;
      },
      draftOf: policyOfGroup,
      parts: policyParts(nameOf),
      save: (_, etag, policy) => publishPolicy(group.id, policy, etag),
    },
    { data: group, etag: etagOf(group) },
    write,
  );
  const { base } = edited;
  const isChanged = known === null || !isSamePolicy(known, base.draft);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another version of the group is a reason to look.
  useEffect(() => {
    if (group.version === base.data.version) return;
    const now = policyOfGroup(group);
    const isMine = known !== null && isSamePolicy(known, now);
    if (!isChanged && !isMine) write(now);
    if (!isChanged || isMine || isSamePolicy(now, base.draft)) edited.rebase({ data: group, etag: etagOf(group) });
  }, [group]);
  return {
    typed,
    setTyped,
    discard: () => {
      setTyped({ is: 'guided', policy: policyOfGroup(group) });
      edited.rebase({ data: group, etag: etagOf(group) });
    },
    policy: problem === null ? known : null,
    problem,
    isChanged,
    isBehind: group.version > base.data.version && !isSamePolicy(policyOfGroup(group), base.draft),
    edited,
  };
}

function readOf(typed: TypedPolicy) {
  return typed.is === 'json' ? policyFromJson(typed.text) : { policy: typed.policy };
}

/** Returns a policy as JSON text for editing. */
export function asJson(policy: PolicyBody): TypedPolicy {
  return { is: 'json', text: JSON.stringify(policy, null, 2) };
}

function etagOf({ version }: RouteGroup): string {
  return `"${version}"`;
}
