import { Box } from '@mantine/core';
import type { Verdict } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { words } from './words.ts';

interface AddButtonProps {
  readonly verdict: Verdict;
  /** The name of the model. */
  readonly name: string;
  readonly size: 'sm' | 'compact-sm';
  readonly onClick: () => void;
}

/** Opens the form of a deployment. A click on it does not also open the row in which it stands. */
export function AddButton({ verdict, name, size, onClick }: AddButtonProps) {
  return (
    <Box component="span" onClick={(event) => event.stopPropagation()}>
      <GuardedButton
        verdict={verdict}
        size={size}
        variant={size === 'sm' ? 'filled' : 'default'}
        aria-label={words.addDeploymentOf(name)}
        onClick={onClick}
      >
        {words.addDeployment}
      </GuardedButton>
    </Box>
  );
}
