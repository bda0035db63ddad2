import { Stack } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { WhyNot } from '../../components/dialogs/WhyNot.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { useMayCreateKeys } from './may-create.ts';

/** Says that a person has no key. Invites them to create one only if a team's policy lets them; else says who can. */
export function NoKeys() {
  const mayCreate = useMayCreateKeys();
  const open = useOpenPage();
  if (!mayCreate.allowed)
    return (
      <EmptyState title="You have no keys yet">
        <Stack gap={4}>
          An application calls the gateway with a key of a team.
          <WhyNot verdict={mayCreate} />
        </Stack>
      </EmptyState>
    );
  const create = (
    <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={() => void open(links.keys({ new: 'key' }))}>
      Create key
    </GuardedButton>
  );
  return (
    <EmptyState title="You have no keys yet" action={create}>
      An application calls the gateway with a key. Create one: its secret is shown once, with examples to paste.
    </EmptyState>
  );
}
