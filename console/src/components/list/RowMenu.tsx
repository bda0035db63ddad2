import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { type ComponentPropsWithRef, type MouseEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { afterPaint } from '../after-paint.ts';

interface RowMenuProps {
  /** The name of the button for screen readers: `Actions for acme`. */
  readonly label: string;
  readonly width?: number;
  readonly children: () => ReactNode;
}

/** The menu of a row. It is made when it is first opened: a list has 200 of them. */
export function RowMenu({ label, width, children }: RowMenuProps) {
  const [isMade, setMade] = useState(false);
  const [opened, setOpened] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // The button is another element since then. It has the focus before the menu opens, so that it gets it back afterwards.
  useEffect(() => {
    if (!isMade) return;
    button.current?.focus({ preventScroll: true });
    setOpened(true);
  }, [isMade]);
  if (!isMade)
    return (
      <Dots
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={false}
        onClick={(event) => {
          event.stopPropagation();
          afterPaint(() => setMade(true));
        }}
      />
    );
  return (
    <Menu position="bottom-end" width={width} opened={opened} onChange={setOpened}>
      <Menu.Target>
        <Dots ref={button} aria-label={label} onClick={stop} />
      </Menu.Target>
      <Menu.Dropdown onClick={stop}>{children()}</Menu.Dropdown>
    </Menu>
  );
}

function Dots(props: ComponentPropsWithRef<'button'>) {
  return (
    <ActionIcon variant="subtle" color="gray" {...props}>
      <IconDots size={16} />
    </ActionIcon>
  );
}

/** A click in a menu does not also open the row. */
function stop(event: MouseEvent): void {
  event.stopPropagation();
}
