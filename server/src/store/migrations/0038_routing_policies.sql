ALTER TABLE "deployments" ADD COLUMN "context_window" integer;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "context_fallbacks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "policy_fallbacks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "canary" jsonb;--> statement-breakpoint
ALTER TABLE "route_groups" ADD COLUMN "context_fallbacks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "route_groups" ADD COLUMN "policy_fallbacks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "route_groups" ADD COLUMN "canary" jsonb;--> statement-breakpoint
ALTER TABLE "route_group_policies" ADD COLUMN "context_fallbacks" text[];--> statement-breakpoint
ALTER TABLE "route_group_policies" ADD COLUMN "policy_fallbacks" text[];--> statement-breakpoint
ALTER TABLE "route_group_policies" ADD COLUMN "canary" jsonb;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "caller_tags" text DEFAULT 'route' NOT NULL;--> statement-breakpoint
ALTER TABLE "keys" ADD CONSTRAINT "keys_caller_tags" CHECK ("keys"."caller_tags" in ('route', 'attribute', 'refuse')) NOT VALID;