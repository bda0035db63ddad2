CREATE TABLE "file_pieces" (
	"organization_id" text NOT NULL,
	"file_id" text NOT NULL,
	"number" integer NOT NULL,
	"sealed" "bytea" NOT NULL,
	CONSTRAINT "file_pieces_organization_id_file_id_number_pk" PRIMARY KEY("organization_id","file_id","number")
);
--> statement-breakpoint
CREATE TABLE "files" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"team_id" text NOT NULL,
	"key_id" text NOT NULL,
	"purpose" text NOT NULL,
	"filename" text NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"lines" integer DEFAULT 0 NOT NULL,
	"pieces" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"uploading_until" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "files_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "files_bytes" CHECK ("files"."bytes" >= 0)
);
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "batches" text DEFAULT 'on' NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "files_scope" text DEFAULT 'team' NOT NULL;--> statement-breakpoint
ALTER TABLE "file_pieces" ADD CONSTRAINT "file_pieces_file" FOREIGN KEY ("organization_id","file_id") REFERENCES "public"."files"("organization_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "files_team" ON "files" USING btree ("organization_id","team_id");--> statement-breakpoint
CREATE INDEX "files_expires_at" ON "files" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "files_unfinished" ON "files" USING btree ("status") WHERE "files"."status" <> 'ready';