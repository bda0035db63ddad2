import { defineConfig } from 'drizzle-kit';

/** `npx drizzle-kit generate` writes the next migration from these: see CONTRIBUTING.md. records.ts is left out: its tables are partitioned and written by hand. */
export default defineConfig({
  dialect: 'postgresql',
  schema: [
    './src/store/schema/accounts.ts',
    './src/store/schema/address-proofs.ts',
    './src/store/schema/alerts.ts',
    './src/store/schema/audit.ts',
    './src/store/schema/batches.ts',
    './src/store/schema/catalogue.ts',
    './src/store/schema/files.ts',
    './src/store/schema/folds.ts',
    './src/store/schema/identity.ts',
    './src/store/schema/invitations.ts',
    './src/store/schema/jobs.ts',
    './src/store/schema/limited-tags.ts',
    './src/store/schema/mirrors.ts',
    './src/store/schema/organization-templates.ts',
    './src/store/schema/presets.ts',
    './src/store/schema/route-group-policies.ts',
    './src/store/schema/saved-views.ts',
    './src/store/schema/sealed-months.ts',
    './src/store/schema/settings.ts',
    './src/store/schema/sign-in.ts',
    './src/store/schema/standing.ts',
    './src/store/schema/stored-responses.ts',
    './src/store/schema/conversations.ts',
    './src/store/schema/tenancy.ts',
    './src/store/schema/usage.ts',
  ],
  out: './src/store/migrations',
});
