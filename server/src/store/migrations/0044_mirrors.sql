CREATE TABLE "mirror_copies" (
	"organization_id" text NOT NULL,
	"request_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"called_name" text NOT NULL,
	"outcome" text NOT NULL,
	"reason" text,
	"deployment_id" text,
	"provider" text,
	"upstream_model" text,
	"http_status" integer,
	"took_ms" integer,
	"price_id" text,
	"usage" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"nano_usd" bigint,
	"is_estimated" boolean DEFAULT false NOT NULL,
	CONSTRAINT "mirror_copies_organization_id_request_id_pk" PRIMARY KEY("organization_id","request_id")
);
--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "mirror" jsonb;--> statement-breakpoint
ALTER TABLE "route_groups" ADD COLUMN "mirror" jsonb;--> statement-breakpoint
ALTER TABLE "route_group_policies" ADD COLUMN "mirror" jsonb;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "mirroring" text DEFAULT 'refuse' NOT NULL;--> statement-breakpoint
CREATE INDEX "mirror_copies_at" ON "mirror_copies" USING btree ("at");