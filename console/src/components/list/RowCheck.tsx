import { type ComponentPropsWithoutRef, useCallback } from 'react';
import classes from './list.module.css';

type RowCheckProps = Omit<ComponentPropsWithoutRef<'input'>, 'type' | 'className'> & { readonly isPartly?: boolean };

/** The checkbox of a row. The library's takes ten times as long to draw, and a list has 200. */
export function RowCheck({ isPartly = false, ...rest }: RowCheckProps) {
  // HTML has no attribute for a box that is partly checked.
  const mark = useCallback(
    (input: HTMLInputElement | null) => {
      if (input !== null) input.indeterminate = isPartly;
    },
    [isPartly],
  );
  return <input type="checkbox" {...rest} ref={mark} className={classes.check} />;
}
