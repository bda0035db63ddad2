import type { TreeChange } from './effect-access.ts';

/** The object of a change whose effect is computed. */
export type Changed =
  | TreeChange
  | { readonly level: 'team_member'; readonly organizationId: string; readonly teamId: string; readonly id: string }
  | { readonly level: 'service_account'; readonly organizationId: string | null; readonly id: string }
  | { readonly level: 'account'; readonly id: string }
  | { readonly level: 'catalogue' };
