CREATE TABLE "attribution_rollups" (
	"organization_id" text NOT NULL,
	"bucket_start" timestamp (3) with time zone NOT NULL,
	"team_id" text NOT NULL,
	"key_id" text NOT NULL,
	"member_id" text DEFAULT '' NOT NULL,
	"service_account_id" text DEFAULT '' NOT NULL,
	"called_name" text NOT NULL,
	"deployment_id" text DEFAULT '' NOT NULL,
	"provider" text DEFAULT '' NOT NULL,
	"kind" text NOT NULL,
	"name" text DEFAULT '' NOT NULL,
	"client" text DEFAULT '' NOT NULL,
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
	CONSTRAINT "attribution_rollups_pk" PRIMARY KEY("organization_id","kind","bucket_start","name","client","team_id","key_id","member_id","service_account_id","called_name","deployment_id","provider","unit")
);
--> statement-breakpoint
CREATE TABLE "usage_name_counts" (
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"period" timestamp (3) with time zone NOT NULL,
	"names" integer NOT NULL,
	"names_before" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "usage_name_counts_pk" PRIMARY KEY("organization_id","kind","period")
);
--> statement-breakpoint
CREATE TABLE "usage_names" (
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"period" timestamp (3) with time zone NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "usage_names_pk" PRIMARY KEY("organization_id","kind","period","name")
);
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "end_users" text DEFAULT 'hashed' NOT NULL;--> statement-breakpoint
CREATE INDEX "attribution_rollups_time" ON "attribution_rollups" USING btree ("kind","bucket_start");