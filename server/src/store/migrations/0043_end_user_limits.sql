CREATE TABLE "limited_tags" (
	"organization_id" text NOT NULL,
	"tag" text NOT NULL,
	CONSTRAINT "limited_tags_pk" PRIMARY KEY("organization_id","tag")
);
--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "require_end_user" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "keys" ADD COLUMN "label_limits" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "require_end_user" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "label_limits" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "require_end_user" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "teams" ADD COLUMN "label_limits" jsonb DEFAULT '[]'::jsonb NOT NULL;