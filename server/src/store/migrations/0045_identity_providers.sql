CREATE TABLE "group_mappings" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"source" text NOT NULL,
	"value" text NOT NULL,
	"role" text,
	"team_id" text,
	"team_role" text,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "group_mappings_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "group_mappings_one_place" CHECK (("group_mappings"."role" is null) <> ("group_mappings"."team_id" is null)),
	CONSTRAINT "group_mappings_team_role" CHECK (("group_mappings"."team_id" is null) = ("group_mappings"."team_role" is null))
);
--> statement-breakpoint
CREATE TABLE "identity_links" (
	"organization_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"subject" text NOT NULL,
	"account_id" text NOT NULL,
	"email" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	CONSTRAINT "identity_links_organization_id_provider_id_subject_pk" PRIMARY KEY("organization_id","provider_id","subject")
);
--> statement-breakpoint
CREATE TABLE "identity_provider_keys" (
	"organization_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"id" text NOT NULL,
	"value" text NOT NULL,
	"state" text DEFAULT 'trusted' NOT NULL,
	"not_after" timestamp (3) with time zone,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "identity_provider_keys_organization_id_provider_id_id_pk" PRIMARY KEY("organization_id","provider_id","id"),
	CONSTRAINT "identity_provider_keys_state" CHECK ("identity_provider_keys"."state" in ('trusted', 'waiting', 'gone'))
);
--> statement-breakpoint
CREATE TABLE "identity_providers" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"protocol" text NOT NULL,
	"state" text DEFAULT 'draft' NOT NULL,
	"config" jsonb NOT NULL,
	"sealed" "bytea",
	"creates_accounts" boolean DEFAULT false NOT NULL,
	"default_role" text DEFAULT 'org_member' NOT NULL,
	"groups_claim" text,
	"second_factor_values" text[] DEFAULT '{}' NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"tested_at" timestamp (3) with time zone,
	"last_sign_in_at" timestamp (3) with time zone,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "identity_providers_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "identity_providers_protocol" CHECK ("identity_providers"."protocol" in ('oidc', 'saml')),
	CONSTRAINT "identity_providers_state" CHECK ("identity_providers"."state" in ('draft', 'tested', 'active', 'off'))
);
--> statement-breakpoint
CREATE TABLE "organization_domains" (
	"organization_id" text NOT NULL,
	"domain" text NOT NULL,
	"challenge" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"verified_at" timestamp (3) with time zone,
	"checked_at" timestamp (3) with time zone,
	"missing_since" timestamp (3) with time zone,
	"problem" text,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "organization_domains_organization_id_domain_pk" PRIMARY KEY("organization_id","domain"),
	CONSTRAINT "organization_domains_state" CHECK ("organization_domains"."state" in ('pending', 'verified', 'missing', 'lost'))
);
--> statement-breakpoint
CREATE TABLE "session_evidence" (
	"session_id" text NOT NULL,
	"source" text NOT NULL,
	"organization_id" text,
	"second_factor" boolean NOT NULL,
	"sid" text,
	"subject" text,
	"shown_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "session_evidence_session_id_source_pk" PRIMARY KEY("session_id","source")
);
--> statement-breakpoint
CREATE TABLE "sign_in_flows" (
	"state_hash" "bytea" PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"purpose" text NOT NULL,
	"cookie_hash" "bytea" NOT NULL,
	"sealed" "bytea" NOT NULL,
	"return_to" text NOT NULL,
	"account_id" text,
	"result" "bytea",
	"used_at" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_policies" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"sign_in" text DEFAULT 'any' NOT NULL,
	"second_factor" text DEFAULT 'off' NOT NULL,
	"evidence_hours" integer DEFAULT 12 NOT NULL,
	"idle_minutes" integer,
	"break_glass" text[] DEFAULT '{}' NOT NULL,
	"enforced_at" timestamp (3) with time zone,
	"enforced_by" text,
	"version" bigint DEFAULT 1 NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sign_in_policies_sign_in" CHECK ("sign_in_policies"."sign_in" in ('any', 'sso')),
	CONSTRAINT "sign_in_policies_second_factor" CHECK ("sign_in_policies"."second_factor" in ('off', 'idp_or_own', 'own'))
);
--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "managed_by" text;--> statement-breakpoint
ALTER TABLE "team_members" ADD COLUMN "managed_by" text;--> statement-breakpoint
ALTER TABLE "group_mappings" ADD CONSTRAINT "group_mappings_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "group_mappings" ADD CONSTRAINT "group_mappings_organization_id_team_id_teams_organization_id_id_fk" FOREIGN KEY ("organization_id","team_id") REFERENCES "public"."teams"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "identity_links" ADD CONSTRAINT "identity_links_organization_id_provider_id_identity_providers_organization_id_id_fk" FOREIGN KEY ("organization_id","provider_id") REFERENCES "public"."identity_providers"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "identity_provider_keys" ADD CONSTRAINT "identity_provider_keys_organization_id_provider_id_identity_providers_organization_id_id_fk" FOREIGN KEY ("organization_id","provider_id") REFERENCES "public"."identity_providers"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "identity_providers" ADD CONSTRAINT "identity_providers_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organization_domains" ADD CONSTRAINT "organization_domains_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "session_evidence" ADD CONSTRAINT "session_evidence_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_in_policies" ADD CONSTRAINT "sign_in_policies_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "group_mappings_once" ON "group_mappings" USING btree ("organization_id","source","value",coalesce("team_id", ''));--> statement-breakpoint
CREATE INDEX "identity_links_account" ON "identity_links" USING btree ("account_id","organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "identity_providers_id" ON "identity_providers" USING btree ("id");--> statement-breakpoint
CREATE UNIQUE INDEX "organization_domains_verified" ON "organization_domains" USING btree ("domain") WHERE "organization_domains"."state" in ('verified', 'missing');--> statement-breakpoint
CREATE INDEX "organization_domains_due" ON "organization_domains" USING btree ("checked_at");--> statement-breakpoint
CREATE INDEX "session_evidence_source" ON "session_evidence" USING btree ("source","subject");--> statement-breakpoint
CREATE INDEX "session_evidence_organization" ON "session_evidence" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "sign_in_flows_expires_at" ON "sign_in_flows" USING btree ("expires_at");