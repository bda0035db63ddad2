ALTER TABLE "models" ADD COLUMN "cache_seconds" integer;--> statement-breakpoint
ALTER TABLE "route_groups" ADD COLUMN "cache_seconds" integer;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "cache_scope" text;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "cache_epoch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_cache_scope" CHECK ("organizations"."cache_scope" in ('key', 'team', 'organization')) NOT VALID;