DROP INDEX "credentials_name";--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "owner" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "owner" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "own_enabled" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "own_deployments" text DEFAULT 'own_first' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "credentials_name" ON "credentials" USING btree ("owner","name");--> statement-breakpoint
CREATE UNIQUE INDEX "credentials_id_owner" ON "credentials" USING btree ("id","owner");--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_credential_owner" FOREIGN KEY ("credential_id","owner") REFERENCES "public"."credentials"("id","owner") ON DELETE no action ON UPDATE no action NOT VALID;--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_own_enabled" CHECK ("deployments"."owner" = '' or not "deployments"."enabled") NOT VALID;