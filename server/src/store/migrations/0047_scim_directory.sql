CREATE TABLE "scim_group_members" (
	"organization_id" text NOT NULL,
	"group_id" text NOT NULL,
	"membership_id" text NOT NULL,
	CONSTRAINT "scim_group_members_organization_id_group_id_membership_id_pk" PRIMARY KEY("organization_id","group_id","membership_id")
);
--> statement-breakpoint
CREATE TABLE "scim_groups" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"external_id" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "scim_groups_organization_id_id_pk" PRIMARY KEY("organization_id","id")
);
--> statement-breakpoint
CREATE TABLE "scim_refusals" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"resource" text NOT NULL,
	"method" text NOT NULL,
	"subject" text NOT NULL,
	"status" integer NOT NULL,
	"detail" text NOT NULL,
	"times" integer DEFAULT 1 NOT NULL,
	"first_at" timestamp (3) with time zone NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "scim_refusals_organization_id_id_pk" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "scim_refusals_resource" CHECK ("scim_refusals"."resource" in ('Users', 'Groups'))
);
--> statement-breakpoint
CREATE TABLE "scim_role_queue" (
	"organization_id" text NOT NULL,
	"membership_id" text NOT NULL,
	"queued_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "scim_role_queue_organization_id_membership_id_pk" PRIMARY KEY("organization_id","membership_id")
);
--> statement-breakpoint
CREATE TABLE "scim_tokens" (
	"organization_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"hash" "bytea" NOT NULL,
	"pepper" text NOT NULL,
	"last_four" text NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"created_by" text NOT NULL,
	"created_by_name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "scim_tokens_organization_id_id_pk" PRIMARY KEY("organization_id","id")
);
--> statement-breakpoint
CREATE TABLE "scim_users" (
	"organization_id" text NOT NULL,
	"membership_id" text NOT NULL,
	"name" text NOT NULL,
	"user_name" text NOT NULL,
	"external_id" text,
	"email" text NOT NULL,
	"email_keys" text[] DEFAULT '{}' NOT NULL,
	"resource" jsonb NOT NULL,
	"is_active" boolean NOT NULL,
	"disabled_member" boolean DEFAULT false NOT NULL,
	"made_account" boolean NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "scim_users_organization_id_membership_id_pk" PRIMARY KEY("organization_id","membership_id")
);
--> statement-breakpoint
ALTER TABLE "scim_group_members" ADD CONSTRAINT "scim_group_members_organization_id_group_id_scim_groups_organization_id_id_fk" FOREIGN KEY ("organization_id","group_id") REFERENCES "public"."scim_groups"("organization_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scim_group_members" ADD CONSTRAINT "scim_group_members_organization_id_membership_id_scim_users_organization_id_membership_id_fk" FOREIGN KEY ("organization_id","membership_id") REFERENCES "public"."scim_users"("organization_id","membership_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scim_groups" ADD CONSTRAINT "scim_groups_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scim_refusals" ADD CONSTRAINT "scim_refusals_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scim_role_queue" ADD CONSTRAINT "scim_role_queue_organization_id_membership_id_scim_users_organization_id_membership_id_fk" FOREIGN KEY ("organization_id","membership_id") REFERENCES "public"."scim_users"("organization_id","membership_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scim_tokens" ADD CONSTRAINT "scim_tokens_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scim_users" ADD CONSTRAINT "scim_users_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scim_users" ADD CONSTRAINT "scim_users_organization_id_membership_id_memberships_organization_id_id_fk" FOREIGN KEY ("organization_id","membership_id") REFERENCES "public"."memberships"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "scim_group_members_user" ON "scim_group_members" USING btree ("organization_id","membership_id");--> statement-breakpoint
CREATE UNIQUE INDEX "scim_groups_name" ON "scim_groups" USING btree ("organization_id",(lower("name") collate "C"),coalesce("external_id", ''));--> statement-breakpoint
CREATE UNIQUE INDEX "scim_groups_external_id" ON "scim_groups" USING btree ("organization_id","external_id") WHERE "scim_groups"."external_id" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "scim_refusals_once" ON "scim_refusals" USING btree ("organization_id","resource","method","subject","detail");--> statement-breakpoint
CREATE INDEX "scim_refusals_last" ON "scim_refusals" USING btree ("organization_id","last_at");--> statement-breakpoint
CREATE UNIQUE INDEX "scim_tokens_hash" ON "scim_tokens" USING btree ("hash");--> statement-breakpoint
CREATE UNIQUE INDEX "scim_users_user_name" ON "scim_users" USING btree ("organization_id",lower("user_name"));--> statement-breakpoint
CREATE UNIQUE INDEX "scim_users_external_id" ON "scim_users" USING btree ("organization_id","external_id") WHERE "scim_users"."external_id" is not null;--> statement-breakpoint
CREATE INDEX "scim_users_name" ON "scim_users" USING btree ("organization_id",(lower("name") collate "C"),"membership_id");--> statement-breakpoint
-- Who leaves the organization leaves its directory, also when a replica of the version before removes the member.
CREATE FUNCTION "leave_scim_directory"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM "scim_users" WHERE "organization_id" = NEW."organization_id" AND "membership_id" = NEW."id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "memberships_leave_scim" AFTER UPDATE OF "status" ON "memberships" FOR EACH ROW
	WHEN (NEW."status" = 'removed' AND OLD."status" <> 'removed') EXECUTE FUNCTION "leave_scim_directory"();
--> statement-breakpoint
-- A mapping that changes may change the roles of everybody in its group.
CREATE FUNCTION "queue_scim_roles"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "scim_role_queue" ("organization_id", "membership_id")
	SELECT "m"."organization_id", "m"."membership_id" FROM "scim_group_members" AS "m"
	WHERE TG_OP <> 'DELETE' AND NEW."source" = 'scim' AND "m"."organization_id" = NEW."organization_id" AND "m"."group_id" = NEW."value"
	ON CONFLICT DO NOTHING;
	INSERT INTO "scim_role_queue" ("organization_id", "membership_id")
	SELECT "m"."organization_id", "m"."membership_id" FROM "scim_group_members" AS "m"
	WHERE TG_OP <> 'INSERT' AND OLD."source" = 'scim' AND "m"."organization_id" = OLD."organization_id" AND "m"."group_id" = OLD."value"
	ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "group_mappings_queue_scim" AFTER INSERT OR UPDATE OR DELETE ON "group_mappings" FOR EACH ROW EXECUTE FUNCTION "queue_scim_roles"();
