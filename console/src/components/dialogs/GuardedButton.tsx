import { Button, type ButtonProps, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Verdict } from '../../api/session.tsx';

interface GuardedButtonProps extends ButtonProps {
  readonly verdict: Verdict;
  readonly onClick?: () => void;
  readonly type?: 'button' | 'submit';
  readonly children: ReactNode;
}

/** A button that stays visible when forbidden and says why: as a tooltip, and as the description for screen readers. */
export function GuardedButton({ verdict, onClick, children, ...rest }: GuardedButtonProps) {
  if (verdict.allowed) {
    return (
      <Button {...rest} {...(onClick === undefined ? {} : { onClick })}>
        {children}
      </Button>
    );
  }
  return (
    <Tooltip label={verdict.reason}>
      <Button
        {...rest}
        data-disabled
        aria-disabled
        aria-description={verdict.reason ?? ''}
        onClick={(event) => event.preventDefault()}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
