import { Tooltip, type TooltipProps } from '@mantine/core';
import { cloneElement, type PointerEvent, type ReactElement, type ReactNode, useRef, useState } from 'react';

interface HintProps extends Pick<TooltipProps, 'position'> {
  readonly label: ReactNode;
  /** An element, or a component that passes on what it does not know to one. */
  readonly children: ReactElement<{ onPointerEnter?: (event: PointerEvent<HTMLElement>) => void; onPointerLeave?: () => void }>;
}

const DELAY_MS = 250;

/** A text that is shown while the mouse is on an element, for cells of lists: the tooltip is made when it is first needed. */
export function Hint({ label, children, ...rest }: HintProps) {
  const [target, setTarget] = useState<HTMLElement>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const leave = () => clearTimeout(timer.current);
  const enter = ({ currentTarget, pointerType }: PointerEvent<HTMLElement>) => {
    leave();
    if (pointerType === 'mouse') timer.current = setTimeout(() => setTarget(currentTarget), DELAY_MS);
  };
  // From then on the tooltip listens itself.
  const isMade = target?.isConnected === true;
  return (
    <>
      {cloneElement(children, isMade ? {} : { onPointerEnter: enter, onPointerLeave: leave })}
      {isMade && <Tooltip label={label} target={target} defaultOpened openDelay={DELAY_MS} {...rest} />}
    </>
  );
}
