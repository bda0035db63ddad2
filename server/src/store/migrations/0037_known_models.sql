CREATE TABLE "listed_models" (
	"credential_id" text NOT NULL,
	"upstream_model" text NOT NULL,
	CONSTRAINT "listed_models_credential_id_upstream_model_pk" PRIMARY KEY("credential_id","upstream_model")
);
--> statement-breakpoint
CREATE TABLE "model_lists" (
	"credential_id" text PRIMARY KEY NOT NULL,
	"place" text NOT NULL,
	"read_at" timestamp (3) with time zone,
	"read_by" text NOT NULL,
	"listed" integer DEFAULT 0 NOT NULL,
	"unusable" integer DEFAULT 0 NOT NULL,
	"is_cut" boolean DEFAULT false NOT NULL,
	"failed_at" timestamp (3) with time zone,
	"failure" text
);
--> statement-breakpoint
CREATE TABLE "price_list_models" (
	"list" text NOT NULL,
	"provider" text NOT NULL,
	"upstream_model" text NOT NULL,
	"per_million" jsonb,
	"units" jsonb,
	"context_window" integer,
	"max_output_tokens" integer,
	"features" text[] DEFAULT '{}' NOT NULL,
	"is_deprecated" boolean DEFAULT false NOT NULL,
	CONSTRAINT "price_list_models_list_provider_upstream_model_pk" PRIMARY KEY("list","provider","upstream_model")
);
--> statement-breakpoint
CREATE TABLE "price_lists" (
	"name" text PRIMARY KEY NOT NULL,
	"list_version" text NOT NULL,
	"published_on" text,
	"imported_at" timestamp (3) with time zone NOT NULL,
	"imported_by" text NOT NULL,
	"models" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "listed_models" ADD CONSTRAINT "listed_models_credential_id_model_lists_credential_id_fk" FOREIGN KEY ("credential_id") REFERENCES "public"."model_lists"("credential_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_lists" ADD CONSTRAINT "model_lists_credential_id_credentials_id_fk" FOREIGN KEY ("credential_id") REFERENCES "public"."credentials"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "price_list_models" ADD CONSTRAINT "price_list_models_list_price_lists_name_fk" FOREIGN KEY ("list") REFERENCES "public"."price_lists"("name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "listed_models_name" ON "listed_models" USING btree ("upstream_model");--> statement-breakpoint
CREATE INDEX "price_list_models_name" ON "price_list_models" USING btree ("provider","upstream_model");