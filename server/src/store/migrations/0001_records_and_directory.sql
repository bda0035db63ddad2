-- Written by hand: drizzle-kit knows neither partitions nor triggers. Keep in step with schema/records.ts.
CREATE TABLE "request_log" (
	"organization_id" text NOT NULL,
	"admitted_at" timestamp (3) with time zone NOT NULL,
	"request_id" text NOT NULL,
	"client_request_id" text,
	"team_id" text NOT NULL,
	"key_id" text NOT NULL,
	"member_id" text,
	"service_account_id" text,
	"called_name" text NOT NULL,
	"status" text NOT NULL,
	"http_status" integer NOT NULL,
	"code" text,
	"param" text,
	"endpoint" text NOT NULL,
	"stream" boolean NOT NULL,
	"deployment_id" text,
	"attempts" integer NOT NULL,
	"finish_reason" text,
	"gateway_us" integer NOT NULL,
	"provider_ms" integer,
	"first_token_ms" integer,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"cached_input_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_write_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	"reasoning_tokens" bigint DEFAULT 0 NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"other_usage" jsonb,
	"nano_usd" bigint,
	"decision" text NOT NULL,
	"count" integer DEFAULT 1 NOT NULL,
	"repeat_ids" text[] DEFAULT '{}' NOT NULL,
	CONSTRAINT "request_log_pk" PRIMARY KEY ("organization_id", "admitted_at", "request_id")
) PARTITION BY RANGE ("admitted_at");
--> statement-breakpoint
CREATE INDEX "request_log_key" ON "request_log" USING btree ("organization_id", "key_id", "admitted_at");
--> statement-breakpoint
CREATE INDEX "request_log_team" ON "request_log" USING btree ("organization_id", "team_id", "admitted_at");
--> statement-breakpoint
CREATE INDEX "request_log_status" ON "request_log" USING btree ("organization_id", "status", "admitted_at");
--> statement-breakpoint
CREATE TABLE "ledger" (
	"organization_id" text NOT NULL,
	"admitted_at" timestamp (3) with time zone NOT NULL,
	"request_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"kind" text NOT NULL,
	"team_id" text NOT NULL,
	"key_id" text NOT NULL,
	"member_id" text,
	"service_account_id" text,
	"called_name" text NOT NULL,
	"deployment_id" text NOT NULL,
	"provider" text NOT NULL,
	"upstream_model" text NOT NULL,
	"price_id" text,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"cached_input_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_write_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	"reasoning_tokens" bigint DEFAULT 0 NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"other_usage" jsonb,
	"nano_usd" bigint,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ledger_pk" PRIMARY KEY ("organization_id", "admitted_at", "request_id", "attempt", "kind")
) PARTITION BY RANGE ("admitted_at");
--> statement-breakpoint
CREATE INDEX "ledger_key" ON "ledger" USING btree ("organization_id", "key_id", "admitted_at");
--> statement-breakpoint
CREATE TABLE "request_content" (
	"organization_id" text NOT NULL,
	"admitted_at" timestamp (3) with time zone NOT NULL,
	"request_id" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	CONSTRAINT "request_content_pk" PRIMARY KEY ("organization_id", "admitted_at", "request_id")
) PARTITION BY RANGE ("admitted_at");
--> statement-breakpoint
-- The directory of ids is kept by the database, so that no writer can forget it.
CREATE FUNCTION "remember_tenant_objects"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "tenant_objects" ("id", "organization_id") SELECT "id", "organization_id" FROM "added";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "teams_directory" AFTER INSERT ON "teams" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "remember_tenant_objects"();
--> statement-breakpoint
CREATE TRIGGER "memberships_directory" AFTER INSERT ON "memberships" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "remember_tenant_objects"();
--> statement-breakpoint
CREATE TRIGGER "service_accounts_directory" AFTER INSERT ON "service_accounts" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "remember_tenant_objects"();
--> statement-breakpoint
CREATE TRIGGER "keys_directory" AFTER INSERT ON "keys" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "remember_tenant_objects"();
--> statement-breakpoint
CREATE FUNCTION "remember_account_memberships"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "account_memberships" ("account_id", "organization_id", "membership_id") SELECT "account_id", "organization_id", "id" FROM "added";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "memberships_accounts" AFTER INSERT ON "memberships" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "remember_account_memberships"();
