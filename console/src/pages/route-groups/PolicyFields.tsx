import { JsonInput, Select, Text } from '@mantine/core';
import type { PolicyBody } from '../../api/gateway.ts';
import { DetourPickers } from './DetourPickers.tsx';
import { MemberRows } from './MemberRows.tsx';
import { type RouteGroup, STRATEGIES } from './policy.ts';
import type { PolicyDraft } from './usePolicyDraft.ts';
import { words } from './words.ts';

/** A policy in fields or as JSON, with its errors. */
export function PolicyFields({ of, draft, disabled }: { of: RouteGroup; draft: PolicyDraft; disabled: boolean }) {
  const { typed, setTyped, problem } = draft;
  if (typed.is === 'json')
    return (
      <JsonInput
        label={words.policyAsJson}
        autosize
        minRows={8}
        maxRows={30}
        readOnly={disabled}
        value={typed.text}
        onChange={(text) => setTyped({ is: 'json', text })}
        error={problem}
      />
    );
  const change = (part: Partial<PolicyBody>) => setTyped({ is: 'guided', policy: { ...typed.policy, ...part } });
  return (
    <>
      <Select
        label={words.strategy}
        w={420}
        maw="100%"
        allowDeselect={false}
        disabled={disabled}
        data={[...STRATEGIES]}
        value={typed.policy.strategy}
        onChange={(value) => change({ strategy: (value ?? typed.policy.strategy) as PolicyBody['strategy'] })}
      />
      <MemberRows
        strategy={typed.policy.strategy}
        members={typed.policy.members}
        onChange={(members) => change({ members })}
        disabled={disabled}
      />
      <DetourPickers
        of={of.key}
        deploymentIds={typed.policy.members.map(({ deployment_id: id }) => id)}
        value={typed.policy}
        onChange={change}
        disabled={disabled}
      />
      {problem !== null && (
        <Text fz="sm" c="dimmed">
          {problem}
        </Text>
      )}
    </>
  );
}
