CREATE TABLE "unit_rollups" (
	"organization_id" text NOT NULL,
	"bucket_start" timestamp (3) with time zone NOT NULL,
	"team_id" text NOT NULL,
	"key_id" text NOT NULL,
	"member_id" text DEFAULT '' NOT NULL,
	"service_account_id" text DEFAULT '' NOT NULL,
	"called_name" text NOT NULL,
	"deployment_id" text DEFAULT '' NOT NULL,
	"provider" text DEFAULT '' NOT NULL,
	"unit" text NOT NULL,
	"uses" bigint DEFAULT 0 NOT NULL,
	"quantity" bigint DEFAULT 0 NOT NULL,
	"unpriced_quantity" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "unit_rollups_pk" PRIMARY KEY("organization_id","bucket_start","team_id","key_id","member_id","service_account_id","called_name","deployment_id","provider","unit")
);
--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "searches_max" integer;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "part_tokens_max" integer;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "on_hangup" text;--> statement-breakpoint
ALTER TABLE "prices" ADD COLUMN "units" jsonb;--> statement-breakpoint
ALTER TABLE "prices" ADD COLUMN "source_version" text;--> statement-breakpoint
ALTER TABLE "prices" ADD COLUMN "created_by" text;--> statement-breakpoint
CREATE INDEX "unit_rollups_time" ON "unit_rollups" USING btree ("bucket_start");--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_on_hangup" CHECK ("deployments"."on_hangup" in ('finish', 'stop'));--> statement-breakpoint
-- Written by hand, in step with schema/records.ts: drizzle-kit knows no partitions.
ALTER TABLE "request_log" ADD COLUMN "partly_priced" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "service_tier" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "unpriced_units" text;
