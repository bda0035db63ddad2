import type { Schema } from '../../api/client.ts';

/** An audit event as a row of a list. Rows need an id. */
export type AuditRow = Schema<'AuditEvent'> & { readonly id: string; readonly organization_name?: string | null };
