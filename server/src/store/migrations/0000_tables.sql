CREATE TABLE "account_memberships" (
	"account_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"membership_id" text NOT NULL,
	CONSTRAINT "account_memberships_account_id_organization_id_pk" PRIMARY KEY("account_id","organization_id")
);
--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"platform_role" text,
	"status" text DEFAULT 'active' NOT NULL,
	CONSTRAINT "accounts_platform_role" CHECK ("accounts"."platform_role" in ('platform_admin', 'platform_auditor')),
	CONSTRAINT "accounts_status" CHECK ("accounts"."status" in ('active', 'disabled'))
);
--> statement-breakpoint
CREATE TABLE "admin_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"organization_id" text,
	"hash" "bytea" NOT NULL,
	"last_four" text NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"chain" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"action" text NOT NULL,
	"object_type" text NOT NULL,
	"object_id" text NOT NULL,
	"object_name" text,
	"before" jsonb,
	"after" jsonb,
	"reason" text,
	"ip" text,
	"request_id" text,
	"prev_hash" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "audit_events_chain_seq_pk" PRIMARY KEY("chain","seq")
);
--> statement-breakpoint
CREATE TABLE "audit_heads" (
	"chain" text PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "access_groups" (
	"key" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "callable_targets" (
	"name" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "callable_targets_kind" CHECK ("callable_targets"."kind" in ('model', 'route_group'))
);
--> statement-breakpoint
CREATE TABLE "credentials" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"provider" text NOT NULL,
	"base_url" text,
	"sealed" "bytea",
	"last_four" text DEFAULT '' NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deployments" (
	"id" text PRIMARY KEY NOT NULL,
	"model" text NOT NULL,
	"provider" text NOT NULL,
	"upstream_model" text NOT NULL,
	"credential_id" text,
	"mode" text DEFAULT 'chat' NOT NULL,
	"rpm" bigint,
	"tpm" bigint,
	"weight" integer DEFAULT 1 NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"max_output_tokens" integer,
	"timeout_ms" integer DEFAULT 600000 NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "deployments_mode" CHECK ("deployments"."mode" in ('chat', 'embedding'))
);
--> statement-breakpoint
CREATE TABLE "models" (
	"name" text PRIMARY KEY NOT NULL,
	"mode" text DEFAULT 'chat' NOT NULL,
	"strategy" text DEFAULT 'weighted' NOT NULL,
	"fallbacks" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "prices" (
	"id" text PRIMARY KEY NOT NULL,
	"deployment_id" text NOT NULL,
	"effective_from" timestamp (3) with time zone NOT NULL,
	"per_million" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "route_group_members" (
	"route_group_id" text NOT NULL,
	"deployment_id" text NOT NULL,
	"weight" integer DEFAULT 1 NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "route_group_members_route_group_id_deployment_id_pk" PRIMARY KEY("route_group_id","deployment_id")
);
--> statement-breakpoint
CREATE TABLE "route_groups" (
	"id" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"strategy" text DEFAULT 'weighted' NOT NULL,
	"fallbacks" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "target_labels" (
	"target_name" text NOT NULL,
	"access_group" text NOT NULL,
	CONSTRAINT "target_labels_target_name_access_group_pk" PRIMARY KEY("target_name","access_group")
);
--> statement-breakpoint
CREATE TABLE "config_versions" (
	"scope" text PRIMARY KEY NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"caller" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer,
	"body" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_caller_key_pk" PRIMARY KEY("caller","key")
);
--> statement-breakpoint
CREATE TABLE "installation" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"wrapped_keys" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"master_key_check" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "installation_has_one_row" CHECK ("installation"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "process_leases" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "budget_alerts" (
	"organization_id" text NOT NULL,
	"budget_id" text NOT NULL,
	"period_start" timestamp (3) with time zone NOT NULL,
	"threshold" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budget_alerts_organization_id_budget_id_period_start_threshold_pk" PRIMARY KEY("organization_id","budget_id","period_start","threshold")
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"scope" text NOT NULL,
	"scope_id" text NOT NULL,
	"amount_nano_usd" bigint NOT NULL,
	"period" jsonb NOT NULL,
	"match_target" text,
	"match_access_group" text,
	"thresholds" integer[] NOT NULL,
	"action" text NOT NULL,
	"clamp_output" boolean DEFAULT false NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "budgets_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "budgets_scope_name" CHECK ("budgets"."scope" in ('organization', 'team', 'user', 'key')),
	CONSTRAINT "budgets_action" CHECK ("budgets"."action" in ('block', 'alert')),
	CONSTRAINT "budgets_amount" CHECK ("budgets"."amount_nano_usd" between 0 and 9000000000000000),
	CONSTRAINT "budgets_have_one_match" CHECK (num_nonnulls("budgets"."match_target", "budgets"."match_access_group") <= 1)
);
--> statement-breakpoint
CREATE TABLE "key_secrets" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"key_id" text NOT NULL,
	"valid_until" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "keys" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"team_id" text NOT NULL,
	"name" text NOT NULL,
	"owner_membership_id" text,
	"owner_service_account_id" text,
	"status" text DEFAULT 'active' NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"prefix" text NOT NULL,
	"last_four" text NOT NULL,
	"rate_limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"model_limits" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"access_mode" text DEFAULT 'inherit' NOT NULL,
	"access_targets" text[] DEFAULT '{}' NOT NULL,
	"access_groups" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	CONSTRAINT "keys_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "keys_have_one_owner" CHECK (num_nonnulls("keys"."owner_membership_id", "keys"."owner_service_account_id") = 1),
	CONSTRAINT "keys_status" CHECK ("keys"."status" in ('active', 'disabled', 'revoked')),
	CONSTRAINT "keys_access_mode" CHECK ("keys"."access_mode" in ('inherit', 'restrict'))
);
--> statement-breakpoint
CREATE TABLE "memberships" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"account_id" text NOT NULL,
	"role" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"rate_limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"model_limits" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"access_mode" text DEFAULT 'inherit' NOT NULL,
	"access_targets" text[] DEFAULT '{}' NOT NULL,
	"access_groups" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp (3) with time zone,
	CONSTRAINT "memberships_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "memberships_status" CHECK ("memberships"."status" in ('active', 'disabled', 'removed')),
	CONSTRAINT "memberships_access_mode" CHECK ("memberships"."access_mode" in ('inherit', 'restrict'))
);
--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"rate_limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"model_limits" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"access_mode" text DEFAULT 'selected' NOT NULL,
	"access_targets" text[] DEFAULT '{}' NOT NULL,
	"access_groups" text[] DEFAULT '{}' NOT NULL,
	"audit_content" text DEFAULT 'off' NOT NULL,
	"content_retention_days" integer,
	"event_retention_days" integer,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"content_key" "bytea",
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"archived_at" timestamp (3) with time zone,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "organizations_status" CHECK ("organizations"."status" in ('active', 'suspended', 'archived', 'deleted')),
	CONSTRAINT "organizations_access_mode" CHECK ("organizations"."access_mode" in ('all', 'selected'))
);
--> statement-breakpoint
CREATE TABLE "service_accounts" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"team_id" text NOT NULL,
	"name" text NOT NULL,
	"is_default" boolean DEFAULT false NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "service_accounts_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "service_accounts_status" CHECK ("service_accounts"."status" in ('active', 'disabled'))
);
--> statement-breakpoint
CREATE TABLE "team_members" (
	"organization_id" text NOT NULL,
	"team_id" text NOT NULL,
	"membership_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "team_members_organization_id_team_id_membership_id_pk" PRIMARY KEY("organization_id","team_id","membership_id")
);
--> statement-breakpoint
CREATE TABLE "teams" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"rate_limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"model_limits" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"access_mode" text DEFAULT 'inherit' NOT NULL,
	"access_targets" text[] DEFAULT '{}' NOT NULL,
	"access_groups" text[] DEFAULT '{}' NOT NULL,
	"self_service" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "teams_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "teams_status" CHECK ("teams"."status" in ('active', 'suspended')),
	CONSTRAINT "teams_access_mode" CHECK ("teams"."access_mode" in ('inherit', 'restrict'))
);
--> statement-breakpoint
CREATE TABLE "tenant_objects" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "decision_shapes" (
	"organization_id" text NOT NULL,
	"shape_id" text NOT NULL,
	"rules" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "decision_shapes_organization_id_shape_id_pk" PRIMARY KEY("organization_id","shape_id")
);
--> statement-breakpoint
CREATE TABLE "rollups" (
	"organization_id" text NOT NULL,
	"bucket_start" timestamp (3) with time zone NOT NULL,
	"team_id" text NOT NULL,
	"key_id" text NOT NULL,
	"member_id" text DEFAULT '' NOT NULL,
	"service_account_id" text DEFAULT '' NOT NULL,
	"called_name" text NOT NULL,
	"deployment_id" text DEFAULT '' NOT NULL,
	"provider" text DEFAULT '' NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"estimated_requests" bigint DEFAULT 0 NOT NULL,
	"refused_requests" bigint DEFAULT 0 NOT NULL,
	"admitted" bigint DEFAULT 0 NOT NULL,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"cached_input_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_write_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	"reasoning_tokens" bigint DEFAULT 0 NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"spend_nano_usd" bigint DEFAULT 0 NOT NULL,
	"unpriced_requests" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "rollups_organization_id_bucket_start_team_id_key_id_member_id_service_account_id_called_name_deployment_id_provider_pk" PRIMARY KEY("organization_id","bucket_start","team_id","key_id","member_id","service_account_id","called_name","deployment_id","provider")
);
--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_credential_id_credentials_id_fk" FOREIGN KEY ("credential_id") REFERENCES "public"."credentials"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_name_callable_targets_name_fk" FOREIGN KEY ("name") REFERENCES "public"."callable_targets"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "prices" ADD CONSTRAINT "prices_deployment_id_deployments_id_fk" FOREIGN KEY ("deployment_id") REFERENCES "public"."deployments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "route_group_members" ADD CONSTRAINT "route_group_members_route_group_id_route_groups_id_fk" FOREIGN KEY ("route_group_id") REFERENCES "public"."route_groups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "route_group_members" ADD CONSTRAINT "route_group_members_deployment_id_deployments_id_fk" FOREIGN KEY ("deployment_id") REFERENCES "public"."deployments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "route_groups" ADD CONSTRAINT "route_groups_key_callable_targets_name_fk" FOREIGN KEY ("key") REFERENCES "public"."callable_targets"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "target_labels" ADD CONSTRAINT "target_labels_target_name_callable_targets_name_fk" FOREIGN KEY ("target_name") REFERENCES "public"."callable_targets"("name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "target_labels" ADD CONSTRAINT "target_labels_access_group_access_groups_key_fk" FOREIGN KEY ("access_group") REFERENCES "public"."access_groups"("key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "keys" ADD CONSTRAINT "keys_organization_id_team_id_teams_organization_id_id_fk" FOREIGN KEY ("organization_id","team_id") REFERENCES "public"."teams"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "keys" ADD CONSTRAINT "keys_organization_id_owner_membership_id_memberships_organization_id_id_fk" FOREIGN KEY ("organization_id","owner_membership_id") REFERENCES "public"."memberships"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "keys" ADD CONSTRAINT "keys_organization_id_owner_service_account_id_service_accounts_organization_id_id_fk" FOREIGN KEY ("organization_id","owner_service_account_id") REFERENCES "public"."service_accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_accounts" ADD CONSTRAINT "service_accounts_organization_id_team_id_teams_organization_id_id_fk" FOREIGN KEY ("organization_id","team_id") REFERENCES "public"."teams"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_members" ADD CONSTRAINT "team_members_organization_id_team_id_teams_organization_id_id_fk" FOREIGN KEY ("organization_id","team_id") REFERENCES "public"."teams"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_members" ADD CONSTRAINT "team_members_organization_id_membership_id_memberships_organization_id_id_fk" FOREIGN KEY ("organization_id","membership_id") REFERENCES "public"."memberships"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "teams" ADD CONSTRAINT "teams_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_email" ON "accounts" USING btree (lower("email"));--> statement-breakpoint
CREATE INDEX "accounts_created_at" ON "accounts" USING btree ("created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "admin_tokens_hash" ON "admin_tokens" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "admin_tokens_organization" ON "admin_tokens" USING btree ("organization_id","created_at","id");--> statement-breakpoint
CREATE INDEX "audit_events_at" ON "audit_events" USING btree ("chain","at");--> statement-breakpoint
CREATE INDEX "audit_events_object" ON "audit_events" USING btree ("chain","object_type","object_id","seq");--> statement-breakpoint
CREATE INDEX "audit_events_actor" ON "audit_events" USING btree ("chain","actor_id","seq");--> statement-breakpoint
CREATE UNIQUE INDEX "credentials_name" ON "credentials" USING btree ("name");--> statement-breakpoint
CREATE INDEX "deployments_model" ON "deployments" USING btree ("model","id");--> statement-breakpoint
CREATE INDEX "deployments_credential" ON "deployments" USING btree ("credential_id");--> statement-breakpoint
CREATE INDEX "prices_deployment" ON "prices" USING btree ("deployment_id","effective_from");--> statement-breakpoint
CREATE INDEX "route_group_members_deployment" ON "route_group_members" USING btree ("deployment_id");--> statement-breakpoint
CREATE UNIQUE INDEX "route_groups_key" ON "route_groups" USING btree ("key");--> statement-breakpoint
CREATE INDEX "target_labels_access_group" ON "target_labels" USING btree ("access_group","target_name");--> statement-breakpoint
CREATE INDEX "budgets_scope" ON "budgets" USING btree ("organization_id","scope","scope_id","position");--> statement-breakpoint
CREATE INDEX "key_secrets_key" ON "key_secrets" USING btree ("organization_id","key_id");--> statement-breakpoint
CREATE INDEX "keys_team" ON "keys" USING btree ("organization_id","team_id","id");--> statement-breakpoint
CREATE INDEX "keys_member" ON "keys" USING btree ("organization_id","owner_membership_id") WHERE "keys"."owner_membership_id" is not null;--> statement-breakpoint
CREATE INDEX "keys_service_account" ON "keys" USING btree ("organization_id","owner_service_account_id") WHERE "keys"."owner_service_account_id" is not null;--> statement-breakpoint
CREATE INDEX "keys_name" ON "keys" USING btree ("organization_id",lower("name") text_pattern_ops,"id");--> statement-breakpoint
CREATE UNIQUE INDEX "memberships_account" ON "memberships" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE INDEX "memberships_role" ON "memberships" USING btree ("organization_id","role","status");--> statement-breakpoint
CREATE UNIQUE INDEX "organizations_slug" ON "organizations" USING btree ("slug");--> statement-breakpoint
CREATE INDEX "organizations_name" ON "organizations" USING btree (lower("name") text_pattern_ops,"id");--> statement-breakpoint
CREATE INDEX "organizations_created_at" ON "organizations" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "service_accounts_team" ON "service_accounts" USING btree ("organization_id","team_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "service_accounts_default" ON "service_accounts" USING btree ("organization_id","team_id") WHERE "service_accounts"."is_default" and "service_accounts"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "team_members_membership" ON "team_members" USING btree ("organization_id","membership_id");--> statement-breakpoint
CREATE INDEX "teams_name" ON "teams" USING btree ("organization_id",lower("name") text_pattern_ops,"id");--> statement-breakpoint
CREATE INDEX "rollups_team" ON "rollups" USING btree ("organization_id","team_id","bucket_start");--> statement-breakpoint
CREATE INDEX "rollups_member" ON "rollups" USING btree ("organization_id","member_id","bucket_start");--> statement-breakpoint
CREATE INDEX "rollups_key" ON "rollups" USING btree ("organization_id","key_id","bucket_start");