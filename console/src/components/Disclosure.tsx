import { Anchor } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface DisclosureProps {
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  /** Small beside small fields. */
  readonly size?: 'xs' | 'sm';
  readonly children: ReactNode;
}

/** A text that shows and hides what is below it. Its arrow tells it from a heading and from a link. */
export function Disclosure({ isOpen, onToggle, size = 'sm', children }: DisclosureProps) {
  const Arrow = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <Anchor component="button" type="button" fz={size} ta="left" onClick={onToggle} aria-expanded={isOpen}>
      <Arrow size="1.1em" aria-hidden style={{ verticalAlign: '-0.15em', marginInlineEnd: '0.2em' }} />
      {children}
    </Anchor>
  );
}
