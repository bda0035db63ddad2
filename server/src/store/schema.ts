/** Every table, one file per subject. These files describe what is stored; the queries are in the other folders of the store. */
export * from './schema/accounts.ts';
export * from './schema/address-proofs.ts';
export * from './schema/alerts.ts';
export * from './schema/audit.ts';
export * from './schema/catalogue.ts';
export * from './schema/folds.ts';
export * from './schema/invitations.ts';
export * from './schema/jobs.ts';
export * from './schema/organization-templates.ts';
export * from './schema/record-views.ts';
export * from './schema/records.ts';
export * from './schema/route-group-policies.ts';
export * from './schema/settings.ts';
export * from './schema/sign-in.ts';
export * from './schema/standing.ts';
export * from './schema/tenancy.ts';
export * from './schema/usage.ts';
