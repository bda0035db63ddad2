import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { AuditRow } from './audit-row.ts';

export interface OpenedEvent {
  /** Its position in its chain, as it stands in the address. */
  readonly seq: string | undefined;
  open(event: AuditRow): void;
  close(): void;
}

/** Which event is looked at: part of the address, so that it can be sent to somebody and Back closes it. */
export function useOpenedEvent(): OpenedEvent {
  const [{ event: seq }, set] = useUrlState();
  const { history } = useRouter();
  const isOurs = useRef(false);
  useEffect(() => {
    if (seq === undefined) isOurs.current = false;
  }, [seq]);
  return {
    seq,
    open: ({ id }) => {
      isOurs.current = true;
      set({ event: id }, 'push');
    },
    // What was opened here lies one step back; who came by a link stays on the page.
    close: () => (isOurs.current ? history.back() : set({ event: undefined })),
  };
}
