CREATE TABLE "trust_rules" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"issuer_id" text NOT NULL,
	"name" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"conditions" jsonb NOT NULL,
	"key_by" text[] DEFAULT '{}' NOT NULL,
	"is_once" boolean DEFAULT false NOT NULL,
	"team_id" text NOT NULL,
	"service_account_id" text,
	"link_provider_id" text,
	"rate_limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"budgets" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"access_mode" text DEFAULT 'inherit' NOT NULL,
	"access_targets" text[] DEFAULT '{}' NOT NULL,
	"access_groups" text[] DEFAULT '{}' NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "trust_rules_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "trust_rules_status" CHECK ("trust_rules"."status" in ('active', 'disabled')),
	CONSTRAINT "trust_rules_access_mode" CHECK ("trust_rules"."access_mode" in ('inherit', 'restrict')),
	CONSTRAINT "trust_rules_owner" CHECK (num_nonnulls("trust_rules"."service_account_id", "trust_rules"."link_provider_id") = 1)
);
--> statement-breakpoint
CREATE TABLE "trusted_issuer_keys" (
	"organization_id" text NOT NULL,
	"issuer_id" text NOT NULL,
	"key_set" text NOT NULL,
	"fetched_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "trusted_issuer_keys_organization_id_issuer_id_pk" PRIMARY KEY("organization_id","issuer_id")
);
--> statement-breakpoint
CREATE TABLE "trusted_issuers" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"issuer" text NOT NULL,
	"key_source" text NOT NULL,
	"keys_url" text,
	"pasted_keys" text,
	"algorithms" text[] DEFAULT '{}' NOT NULL,
	"token_types" text[] DEFAULT '{}' NOT NULL,
	"life_seconds_max" integer NOT NULL,
	"is_direct" boolean DEFAULT false NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "trusted_issuers_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "trusted_issuers_key_source" CHECK ("trusted_issuers"."key_source" in ('discovery', 'url', 'pasted')),
	CONSTRAINT "trusted_issuers_status" CHECK ("trusted_issuers"."status" in ('active', 'disabled')),
	CONSTRAINT "trusted_issuers_life" CHECK ("trusted_issuers"."life_seconds_max" between 60 and 3600)
);
--> statement-breakpoint
CREATE TABLE "workload_keys" (
	"organization_id" text NOT NULL,
	"rule_id" text NOT NULL,
	"values_hash" text NOT NULL,
	"claim_values" text[] DEFAULT '{}' NOT NULL,
	"key_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_exchanged_at" timestamp (3) with time zone,
	CONSTRAINT "workload_keys_organization_id_rule_id_values_hash_pk" PRIMARY KEY("organization_id","rule_id","values_hash")
);
--> statement-breakpoint
ALTER TABLE "trust_rules" ADD CONSTRAINT "trust_rules_organization_id_issuer_id_trusted_issuers_organization_id_id_fk" FOREIGN KEY ("organization_id","issuer_id") REFERENCES "public"."trusted_issuers"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trust_rules" ADD CONSTRAINT "trust_rules_organization_id_team_id_teams_organization_id_id_fk" FOREIGN KEY ("organization_id","team_id") REFERENCES "public"."teams"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trusted_issuer_keys" ADD CONSTRAINT "trusted_issuer_keys_organization_id_issuer_id_trusted_issuers_organization_id_id_fk" FOREIGN KEY ("organization_id","issuer_id") REFERENCES "public"."trusted_issuers"("organization_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trusted_issuers" ADD CONSTRAINT "trusted_issuers_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workload_keys" ADD CONSTRAINT "workload_keys_organization_id_rule_id_trust_rules_organization_id_id_fk" FOREIGN KEY ("organization_id","rule_id") REFERENCES "public"."trust_rules"("organization_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workload_keys" ADD CONSTRAINT "workload_keys_organization_id_key_id_keys_organization_id_id_fk" FOREIGN KEY ("organization_id","key_id") REFERENCES "public"."keys"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "trust_rules_id" ON "trust_rules" USING btree ("id");--> statement-breakpoint
CREATE INDEX "trust_rules_issuer" ON "trust_rules" USING btree ("organization_id","issuer_id");--> statement-breakpoint
CREATE INDEX "trust_rules_service_account" ON "trust_rules" USING btree ("organization_id","service_account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "trusted_issuers_id" ON "trusted_issuers" USING btree ("id");--> statement-breakpoint
CREATE UNIQUE INDEX "trusted_issuers_issuer" ON "trusted_issuers" USING btree ("organization_id","issuer");--> statement-breakpoint
CREATE UNIQUE INDEX "workload_keys_key" ON "workload_keys" USING btree ("organization_id","key_id");