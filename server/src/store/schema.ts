/** Every table, one file per room of the house. What is stored is described here; how it is asked stands beside each use. */
export * from './schema/accounts.ts';
export * from './schema/address-proofs.ts';
export * from './schema/alerts.ts';
export * from './schema/audit.ts';
export * from './schema/catalogue.ts';
export * from './schema/folds.ts';
export * from './schema/invitations.ts';
export * from './schema/jobs.ts';
export * from './schema/records.ts';
export * from './schema/route-group-policies.ts';
export * from './schema/settings.ts';
export * from './schema/sign-in.ts';
export * from './schema/standing.ts';
export * from './schema/tenancy.ts';
export * from './schema/usage.ts';
