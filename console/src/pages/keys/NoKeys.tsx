import { Stack } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { WhyNot } from '../../components/dialogs/WhyNot.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { useMayCreateKeys } from './may-create.ts';
import { words } from './words.ts';

/** Says that a person has no key. Invites them to create one only if a team's policy lets them; else says who can. */
export function NoKeys() {
  const mayCreate = useMayCreateKeys();
  const open = useOpenPage();
  if (!mayCreate.allowed)
    return (
      <EmptyState title={words.youHaveNoKeysYet}>
        <Stack gap={4}>
          {words.applicationsUseKeys}
          <WhyNot verdict={mayCreate} />
        </Stack>
      </EmptyState>
    );
  const create = (
    <GuardedButton verdict={mayCreate} leftSection={<IconPlus size={16} />} onClick={() => void open(links.keys({ new: 'key' }))}>
      {words.createKey}
    </GuardedButton>
  );
  return (
    <EmptyState title={words.youHaveNoKeysYet} action={create}>
      {words.createAKeyHint}
    </EmptyState>
  );
}
