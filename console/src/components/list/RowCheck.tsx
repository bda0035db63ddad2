import type { ComponentPropsWithRef } from 'react';
import classes from './list.module.css';

type RowCheckProps = Omit<ComponentPropsWithRef<'input'>, 'type' | 'className'> & { readonly isPartly?: boolean };

/** The checkbox of a row. The library's takes ten times as long to draw, and a list has 200. */
export function RowCheck({ isPartly = false, ...rest }: RowCheckProps) {
  return <input type="checkbox" {...rest} className={classes.check} aria-checked={isPartly ? 'mixed' : undefined} />;
}
