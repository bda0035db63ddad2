import { Anchor } from '@mantine/core';
import { eventWords } from './action-words.ts';
import type { AuditRow } from './audit-row.ts';

/** The action of an event in words. A click opens the event. */
export function ActionLink({ of: row, open }: { of: AuditRow; open: (row: AuditRow) => void }) {
  return (
    <Anchor
      component="button"
      inherit
      onClick={(event) => {
        event.stopPropagation();
        open(row);
      }}
    >
      {eventWords(row)}
    </Anchor>
  );
}
