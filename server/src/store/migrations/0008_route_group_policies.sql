CREATE TABLE "route_group_policies" (
	"route_group_id" text NOT NULL,
	"version" integer NOT NULL,
	"strategy" text NOT NULL,
	"members" jsonb NOT NULL,
	"rolled_back_to" integer,
	"published_at" timestamp (3) with time zone NOT NULL,
	"published_by_id" text,
	"published_by_name" text NOT NULL,
	CONSTRAINT "route_group_policies_route_group_id_version_pk" PRIMARY KEY("route_group_id","version")
);
--> statement-breakpoint
ALTER TABLE "route_group_policies" ADD CONSTRAINT "route_group_policies_route_group_id_route_groups_id_fk" FOREIGN KEY ("route_group_id") REFERENCES "public"."route_groups"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
-- What groups route by already is their first version.
INSERT INTO "route_group_policies" ("route_group_id", "version", "strategy", "members", "published_at", "published_by_name")
SELECT g."id", 1, g."strategy", coalesce((
	SELECT jsonb_agg(jsonb_build_object('deploymentId', m."deployment_id", 'weight', m."weight", 'priority', m."priority") ORDER BY m."deployment_id")
	FROM "route_group_members" m WHERE m."route_group_id" = g."id"), '[]'), g."updated_at", 'Before policies had versions'
FROM "route_groups" g;
