// The audit chain against an editor with the database's password: what was changed, taken out or cut off is found with its place.
import { type Gateway, startGateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { inDatabase, type Where } from './stored-rows.ts';

export interface Verdict {
  readonly intact: boolean;
  readonly events: number | null;
  readonly broken_at_seq: number | null;
}

/** Null is the platform's own chain. */
export function verifyChain(gateway: Gateway, organizationId: string | null): Promise<Verdict> {
  const query = organizationId === null ? '' : `?organization_id=${organizationId}`;
  return gateway.admin<Verdict>('GET', `/audit-events/verify${query}`);
}

export interface Chains {
  readonly edited: string;
  readonly removed: string;
  readonly cut: string;
}

/** Edits the chains of a gateway that has ended, starts it again and asks it. The three must hold at least three events each. */
export async function handEditsAreFound(
  where: Where,
  start: Parameters<typeof startGateway>[0],
  { edited, removed, cut }: Chains,
): Promise<ProveResult> {
  const last = await inDatabase(where, async (query) => {
    await query('alter table audit_events disable trigger user');
    await query(`update audit_events set after = '{"name":"Nobody"}' where chain = '${edited}' and seq = 2`);
    await query(`delete from audit_events where chain = '${removed}' and seq = 2`);
    await query(`update audit_events set actor_name = 'Nobody' where chain = 'platform' and seq = 1`);
    const [row] = await query(
      `delete from audit_events where chain = '${cut}' and seq = (select max(seq) from audit_events where chain = '${cut}') returning seq`,
    );
    await query('alter table audit_events enable trigger user');
    return Number(row?.seq);
  });
  const gateway = await startGateway(start);
  try {
    const found: string[] = [];
    const wrong: string[] = [];
    for (const [what, chain, seq] of [
      ['edited', edited, 2],
      ['removed', removed, 2],
      ['cut off', cut, last],
      ['edited in the platform’s', null, 1],
    ] as const) {
      const verdict = await verifyChain(gateway, chain);
      found.push(`${what}: seq ${verdict.broken_at_seq}`);
      if (verdict.intact || verdict.broken_at_seq !== seq)
        wrong.push(`${what}: ${JSON.stringify(verdict)} instead of seq ${seq}`);
    }
    return { holds: wrong.length === 0, figure: `by hand ${found.join(', ')}`, details: wrong };
  } finally {
    await gateway.stop();
  }
}
