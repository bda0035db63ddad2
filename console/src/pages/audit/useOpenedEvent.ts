import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { AuditRow } from './audit-row.ts';

export interface OpenedEvent {
  /** The event's position in its chain, from the address. */
  readonly seq: string | undefined;
  /** The chain that the address names: an organization's id or `platform`. Absent: the chain that the page shows. */
  readonly chain: string | undefined;
  open(event: AuditRow): void;
  close(): void;
}

/** Keeps the open event in the address, so that people can share it and Back closes it. */
export function useOpenedEvent(): OpenedEvent {
  const [{ event }, set] = useUrlState();
  const [seq, chain] = event?.split('.') ?? [];
  const { history } = useRouter();
  const isOurs = useRef(false);
  useEffect(() => {
    if (seq === undefined) isOurs.current = false;
  }, [seq]);
  return {
    seq,
    chain,
    open: ({ id }) => {
      isOurs.current = true;
      set({ event: id }, 'push');
    },
    // An event opened here is one step back in the history. A person who followed a link stays on the page.
    close: () => (isOurs.current ? history.back() : set({ event: undefined })),
  };
}

/** Returns the id of an event among those of all chains: `12.org_…`, or `12.platform`. */
export function eventId({ seq, organization_id }: Pick<AuditRow, 'seq' | 'organization_id'>): string {
  return `${seq}.${organization_id ?? 'platform'}`;
}
