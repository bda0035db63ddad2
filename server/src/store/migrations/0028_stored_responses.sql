CREATE TABLE "stored_responses" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"team_id" text NOT NULL,
	"key_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"model" text NOT NULL,
	"previous_id" text,
	"sealed_input" "bytea" NOT NULL,
	"sealed_output" "bytea" NOT NULL,
	"bytes" integer NOT NULL,
	CONSTRAINT "stored_responses_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "stored_responses_bytes" CHECK ("stored_responses"."bytes" between 0 and 4194304)
);
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "responses_storage" text DEFAULT 'off' NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "responses_scope" text DEFAULT 'team' NOT NULL;--> statement-breakpoint
CREATE INDEX "stored_responses_team" ON "stored_responses" USING btree ("organization_id","team_id");--> statement-breakpoint
CREATE INDEX "stored_responses_expires_at" ON "stored_responses" USING btree ("expires_at");