import { type ReactNode, Suspense, useState } from 'react';

/** Renders a lazy dialog from its first opening on, so that its code is loaded then, and the page behind it stays small. */
export function WhenOpened({ opened, children }: { opened: boolean; children: ReactNode }) {
  const [isWanted, setWanted] = useState(opened);
  if (opened && !isWanted) setWanted(true);
  return isWanted ? <Suspense fallback={null}>{children}</Suspense> : null;
}
