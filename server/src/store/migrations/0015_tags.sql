CREATE TABLE "tag_rollups" (
	"organization_id" text NOT NULL,
	"bucket_start" timestamp (3) with time zone NOT NULL,
	"team_id" text NOT NULL,
	"key_id" text NOT NULL,
	"member_id" text DEFAULT '' NOT NULL,
	"service_account_id" text DEFAULT '' NOT NULL,
	"called_name" text NOT NULL,
	"deployment_id" text DEFAULT '' NOT NULL,
	"provider" text DEFAULT '' NOT NULL,
	"tag" text NOT NULL,
	"unit" text DEFAULT '' NOT NULL,
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
	"uses" bigint DEFAULT 0 NOT NULL,
	"quantity" bigint DEFAULT 0 NOT NULL,
	"unpriced_quantity" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "tag_rollups_pk" PRIMARY KEY("organization_id","bucket_start","team_id","key_id","member_id","service_account_id","called_name","deployment_id","provider","tag","unit")
);
--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "default_tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "required_tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "default_tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "required_tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "default_tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "required_tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE INDEX "tag_rollups_tag" ON "tag_rollups" USING btree ("organization_id","tag","bucket_start");--> statement-breakpoint
CREATE INDEX "tag_rollups_time" ON "tag_rollups" USING btree ("bucket_start");--> statement-breakpoint
-- Written by hand, in step with schema/records.ts: drizzle-kit knows no partitions.
ALTER TABLE "request_log" ADD COLUMN "tags" text[];--> statement-breakpoint
ALTER TABLE "request_log" ADD COLUMN "tag_route" text;
