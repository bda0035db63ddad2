import { Button, type ButtonProps, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Verdict } from '../../api/session.tsx';
import { useReason } from './who-can.ts';

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
    <RefusedButton {...rest} verdict={verdict}>
      {children}
    </RefusedButton>
  );
}

/** The same button for people who may not press it. Who may is looked up when it gets the pointer or the focus. */
function RefusedButton({ verdict, children, ...rest }: Omit<GuardedButtonProps, 'onClick'>) {
  const { text, look } = useReason(verdict);
  return (
    <Tooltip label={text} multiline maw={320}>
      <Button
        {...rest}
        data-disabled
        aria-disabled
        aria-description={text}
        onMouseEnter={look}
        onFocus={look}
        onClick={(event) => event.preventDefault()}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
