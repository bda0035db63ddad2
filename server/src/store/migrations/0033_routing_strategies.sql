ALTER TABLE "route_group_policies" ALTER COLUMN "strategy" SET DEFAULT 'weighted';--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "newer_strategy" text;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "sticky" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "route_groups" ADD COLUMN "newer_strategy" text;--> statement-breakpoint
ALTER TABLE "route_groups" ADD COLUMN "sticky" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "route_group_policies" ADD COLUMN "newer_strategy" text;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_strategy" CHECK ("models"."strategy" in ('weighted', 'priority')) NOT VALID;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_newer_strategy" CHECK ("models"."newer_strategy" in ('least_busy', 'latency', 'cheapest', 'usage', 'headroom')) NOT VALID;--> statement-breakpoint
ALTER TABLE "route_groups" ADD CONSTRAINT "route_groups_strategy" CHECK ("route_groups"."strategy" in ('weighted', 'priority')) NOT VALID;--> statement-breakpoint
ALTER TABLE "route_groups" ADD CONSTRAINT "route_groups_newer_strategy" CHECK ("route_groups"."newer_strategy" in ('least_busy', 'latency', 'cheapest', 'usage', 'headroom')) NOT VALID;--> statement-breakpoint
ALTER TABLE "route_group_policies" ADD CONSTRAINT "route_group_policies_strategy" CHECK ("route_group_policies"."strategy" in ('weighted', 'priority')) NOT VALID;--> statement-breakpoint
ALTER TABLE "route_group_policies" ADD CONSTRAINT "route_group_policies_newer_strategy" CHECK ("route_group_policies"."newer_strategy" in ('least_busy', 'latency', 'cheapest', 'usage', 'headroom')) NOT VALID;