-- Written by hand: drizzle-kit knows no triggers. Coarser sums follow the finer ones, and whoever changes an organization says so.
CREATE FUNCTION "add_to_organization_days"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "organization_days" ("organization_id", "day_start", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	SELECT "organization_id", date_bin('1 day', "hour_start", timestamptz '2000-01-01 00:00:00+00') AS "day_start",
		sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests")
	FROM "added"
	GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT ("organization_id", "day_start") DO UPDATE SET
		"requests" = "organization_days"."requests" + excluded."requests",
		"estimated_requests" = "organization_days"."estimated_requests" + excluded."estimated_requests",
		"refused_requests" = "organization_days"."refused_requests" + excluded."refused_requests",
		"admitted" = "organization_days"."admitted" + excluded."admitted",
		"input_tokens" = "organization_days"."input_tokens" + excluded."input_tokens",
		"cached_input_tokens" = "organization_days"."cached_input_tokens" + excluded."cached_input_tokens",
		"cache_write_tokens" = "organization_days"."cache_write_tokens" + excluded."cache_write_tokens",
		"output_tokens" = "organization_days"."output_tokens" + excluded."output_tokens",
		"reasoning_tokens" = "organization_days"."reasoning_tokens" + excluded."reasoning_tokens",
		"total_tokens" = "organization_days"."total_tokens" + excluded."total_tokens",
		"spend_nano_usd" = "organization_days"."spend_nano_usd" + excluded."spend_nano_usd",
		"unpriced_requests" = "organization_days"."unpriced_requests" + excluded."unpriced_requests";
	INSERT INTO "standing_changes" ("organization_id")
	SELECT DISTINCT "organization_id" FROM "added" ORDER BY 1
	ON CONFLICT ("organization_id") DO UPDATE SET "changed_at" = excluded."changed_at";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "change_organization_days"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "organization_days" ("organization_id", "day_start", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	SELECT "organization_id", date_bin('1 day', "hour_start", timestamptz '2000-01-01 00:00:00+00') AS "day_start",
		sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests")
	FROM (SELECT "organization_id", "hour_start", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests" FROM "added"
		UNION ALL SELECT "organization_id", "hour_start", -"requests", -"estimated_requests", -"refused_requests", -"admitted", -"input_tokens", -"cached_input_tokens", -"cache_write_tokens", -"output_tokens", -"reasoning_tokens", -"total_tokens", -"spend_nano_usd", -"unpriced_requests" FROM "removed") AS "moves" ("organization_id", "hour_start", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT ("organization_id", "day_start") DO UPDATE SET
		"requests" = "organization_days"."requests" + excluded."requests",
		"estimated_requests" = "organization_days"."estimated_requests" + excluded."estimated_requests",
		"refused_requests" = "organization_days"."refused_requests" + excluded."refused_requests",
		"admitted" = "organization_days"."admitted" + excluded."admitted",
		"input_tokens" = "organization_days"."input_tokens" + excluded."input_tokens",
		"cached_input_tokens" = "organization_days"."cached_input_tokens" + excluded."cached_input_tokens",
		"cache_write_tokens" = "organization_days"."cache_write_tokens" + excluded."cache_write_tokens",
		"output_tokens" = "organization_days"."output_tokens" + excluded."output_tokens",
		"reasoning_tokens" = "organization_days"."reasoning_tokens" + excluded."reasoning_tokens",
		"total_tokens" = "organization_days"."total_tokens" + excluded."total_tokens",
		"spend_nano_usd" = "organization_days"."spend_nano_usd" + excluded."spend_nano_usd",
		"unpriced_requests" = "organization_days"."unpriced_requests" + excluded."unpriced_requests";
	INSERT INTO "standing_changes" ("organization_id")
	SELECT DISTINCT "organization_id" FROM "added" ORDER BY 1
	ON CONFLICT ("organization_id") DO UPDATE SET "changed_at" = excluded."changed_at";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "add_to_platform_rollups"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "platform_rollups" ("bucket_start", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	SELECT "bucket_start", "called_name", "deployment_id", "provider",
		sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests")
	FROM "added"
	GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT ("bucket_start", "called_name", "deployment_id", "provider") DO UPDATE SET
		"requests" = "platform_rollups"."requests" + excluded."requests",
		"estimated_requests" = "platform_rollups"."estimated_requests" + excluded."estimated_requests",
		"refused_requests" = "platform_rollups"."refused_requests" + excluded."refused_requests",
		"admitted" = "platform_rollups"."admitted" + excluded."admitted",
		"input_tokens" = "platform_rollups"."input_tokens" + excluded."input_tokens",
		"cached_input_tokens" = "platform_rollups"."cached_input_tokens" + excluded."cached_input_tokens",
		"cache_write_tokens" = "platform_rollups"."cache_write_tokens" + excluded."cache_write_tokens",
		"output_tokens" = "platform_rollups"."output_tokens" + excluded."output_tokens",
		"reasoning_tokens" = "platform_rollups"."reasoning_tokens" + excluded."reasoning_tokens",
		"total_tokens" = "platform_rollups"."total_tokens" + excluded."total_tokens",
		"spend_nano_usd" = "platform_rollups"."spend_nano_usd" + excluded."spend_nano_usd",
		"unpriced_requests" = "platform_rollups"."unpriced_requests" + excluded."unpriced_requests";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "change_platform_rollups"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "platform_rollups" ("bucket_start", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	SELECT "bucket_start", "called_name", "deployment_id", "provider",
		sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests")
	FROM (SELECT "bucket_start", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests" FROM "added"
		UNION ALL SELECT "bucket_start", "called_name", "deployment_id", "provider", -"requests", -"estimated_requests", -"refused_requests", -"admitted", -"input_tokens", -"cached_input_tokens", -"cache_write_tokens", -"output_tokens", -"reasoning_tokens", -"total_tokens", -"spend_nano_usd", -"unpriced_requests" FROM "removed") AS "moves" ("bucket_start", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT ("bucket_start", "called_name", "deployment_id", "provider") DO UPDATE SET
		"requests" = "platform_rollups"."requests" + excluded."requests",
		"estimated_requests" = "platform_rollups"."estimated_requests" + excluded."estimated_requests",
		"refused_requests" = "platform_rollups"."refused_requests" + excluded."refused_requests",
		"admitted" = "platform_rollups"."admitted" + excluded."admitted",
		"input_tokens" = "platform_rollups"."input_tokens" + excluded."input_tokens",
		"cached_input_tokens" = "platform_rollups"."cached_input_tokens" + excluded."cached_input_tokens",
		"cache_write_tokens" = "platform_rollups"."cache_write_tokens" + excluded."cache_write_tokens",
		"output_tokens" = "platform_rollups"."output_tokens" + excluded."output_tokens",
		"reasoning_tokens" = "platform_rollups"."reasoning_tokens" + excluded."reasoning_tokens",
		"total_tokens" = "platform_rollups"."total_tokens" + excluded."total_tokens",
		"spend_nano_usd" = "platform_rollups"."spend_nano_usd" + excluded."spend_nano_usd",
		"unpriced_requests" = "platform_rollups"."unpriced_requests" + excluded."unpriced_requests";
	RETURN NULL;
END $$;
--> statement-breakpoint
INSERT INTO "organization_days" ("organization_id", "day_start", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
SELECT "organization_id", date_bin('1 day', "hour_start", timestamptz '2000-01-01 00:00:00+00'), sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests") FROM "team_rollups" GROUP BY 1, 2;
--> statement-breakpoint
INSERT INTO "platform_rollups" ("bucket_start", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
SELECT "bucket_start", "called_name", "deployment_id", "provider", sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests") FROM "rollups" GROUP BY 1, 2, 3, 4;
--> statement-breakpoint
CREATE TRIGGER "team_rollups_added_organization_days" AFTER INSERT ON "team_rollups" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "add_to_organization_days"();
--> statement-breakpoint
CREATE TRIGGER "team_rollups_changed_organization_days" AFTER UPDATE ON "team_rollups" REFERENCING OLD TABLE AS "removed" NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "change_organization_days"();
--> statement-breakpoint
CREATE TRIGGER "rollups_added_platform_rollups" AFTER INSERT ON "rollups" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "add_to_platform_rollups"();
--> statement-breakpoint
CREATE TRIGGER "rollups_changed_platform_rollups" AFTER UPDATE ON "rollups" REFERENCING OLD TABLE AS "removed" NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "change_platform_rollups"();
--> statement-breakpoint
CREATE FUNCTION "mark_changed_configuration"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "standing_changes" ("organization_id")
	SELECT DISTINCT "scope" FROM "added" WHERE "scope" <> 'catalogue' ORDER BY 1
	ON CONFLICT ("organization_id") DO UPDATE SET "changed_at" = excluded."changed_at";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "config_versions_added_standing" AFTER INSERT ON "config_versions" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "mark_changed_configuration"();
--> statement-breakpoint
CREATE TRIGGER "config_versions_changed_standing" AFTER UPDATE ON "config_versions" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "mark_changed_configuration"();
--> statement-breakpoint
-- An organization stands in the list from its first instant to its deletion.
CREATE FUNCTION "begin_organization_standings"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "organization_standings" ("organization_id", "lifecycle") SELECT "id", "status" FROM "added" WHERE "status" <> 'deleted';
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "follow_organization_lifecycle"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM "organization_standings" USING "added" WHERE "organization_id" = "added"."id" AND "added"."status" = 'deleted';
	UPDATE "organization_standings" SET "lifecycle" = "added"."status" FROM "added"
	WHERE "organization_id" = "added"."id" AND "added"."status" <> 'deleted' AND "lifecycle" <> "added"."status";
	RETURN NULL;
END $$;
--> statement-breakpoint
INSERT INTO "organization_standings" ("organization_id", "lifecycle", "team_count", "member_count", "key_count")
SELECT "id", "status",
	(SELECT count(*) FROM "teams" WHERE "teams"."organization_id" = "organizations"."id" AND "deleted_at" IS NULL),
	(SELECT count(*) FROM "memberships" WHERE "memberships"."organization_id" = "organizations"."id" AND "memberships"."status" <> 'removed'),
	(SELECT count(*) FROM "keys" WHERE "keys"."organization_id" = "organizations"."id" AND "keys"."status" <> 'revoked')
FROM "organizations" WHERE "status" <> 'deleted';
--> statement-breakpoint
CREATE TRIGGER "organizations_standing" AFTER INSERT ON "organizations" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "begin_organization_standings"();
--> statement-breakpoint
CREATE TRIGGER "organizations_lifecycle" AFTER UPDATE ON "organizations" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "follow_organization_lifecycle"();
--> statement-breakpoint
CREATE FUNCTION "count_added_teams"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "organization_standings" SET "team_count" = "team_count" + "moves"."more" FROM (
		SELECT "organization_id", sum("more")::integer AS "more" FROM (SELECT "organization_id", 1 AS "more" FROM "added" WHERE "deleted_at" IS NULL) AS "each" GROUP BY 1 HAVING sum("more") <> 0 ORDER BY 1
	) AS "moves" WHERE "organization_standings"."organization_id" = "moves"."organization_id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "count_changed_teams"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "organization_standings" SET "team_count" = "team_count" + "moves"."more" FROM (
		SELECT "organization_id", sum("more")::integer AS "more" FROM (SELECT "organization_id", 1 AS "more" FROM "added" WHERE "deleted_at" IS NULL UNION ALL SELECT "organization_id", -1 FROM "removed" WHERE "deleted_at" IS NULL) AS "each" GROUP BY 1 HAVING sum("more") <> 0 ORDER BY 1
	) AS "moves" WHERE "organization_standings"."organization_id" = "moves"."organization_id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "teams_counted" AFTER INSERT ON "teams" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "count_added_teams"();
--> statement-breakpoint
CREATE TRIGGER "teams_recounted" AFTER UPDATE ON "teams" REFERENCING OLD TABLE AS "removed" NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "count_changed_teams"();
--> statement-breakpoint
CREATE FUNCTION "count_added_memberships"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "organization_standings" SET "member_count" = "member_count" + "moves"."more" FROM (
		SELECT "organization_id", sum("more")::integer AS "more" FROM (SELECT "organization_id", 1 AS "more" FROM "added" WHERE "status" <> 'removed') AS "each" GROUP BY 1 HAVING sum("more") <> 0 ORDER BY 1
	) AS "moves" WHERE "organization_standings"."organization_id" = "moves"."organization_id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "count_changed_memberships"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "organization_standings" SET "member_count" = "member_count" + "moves"."more" FROM (
		SELECT "organization_id", sum("more")::integer AS "more" FROM (SELECT "organization_id", 1 AS "more" FROM "added" WHERE "status" <> 'removed' UNION ALL SELECT "organization_id", -1 FROM "removed" WHERE "status" <> 'removed') AS "each" GROUP BY 1 HAVING sum("more") <> 0 ORDER BY 1
	) AS "moves" WHERE "organization_standings"."organization_id" = "moves"."organization_id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "memberships_counted" AFTER INSERT ON "memberships" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "count_added_memberships"();
--> statement-breakpoint
CREATE TRIGGER "memberships_recounted" AFTER UPDATE ON "memberships" REFERENCING OLD TABLE AS "removed" NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "count_changed_memberships"();
--> statement-breakpoint
CREATE FUNCTION "count_added_keys"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "organization_standings" SET "key_count" = "key_count" + "moves"."more" FROM (
		SELECT "organization_id", sum("more")::integer AS "more" FROM (SELECT "organization_id", 1 AS "more" FROM "added" WHERE "status" <> 'revoked') AS "each" GROUP BY 1 HAVING sum("more") <> 0 ORDER BY 1
	) AS "moves" WHERE "organization_standings"."organization_id" = "moves"."organization_id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "count_changed_keys"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "organization_standings" SET "key_count" = "key_count" + "moves"."more" FROM (
		SELECT "organization_id", sum("more")::integer AS "more" FROM (SELECT "organization_id", 1 AS "more" FROM "added" WHERE "status" <> 'revoked' UNION ALL SELECT "organization_id", -1 FROM "removed" WHERE "status" <> 'revoked') AS "each" GROUP BY 1 HAVING sum("more") <> 0 ORDER BY 1
	) AS "moves" WHERE "organization_standings"."organization_id" = "moves"."organization_id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "keys_counted" AFTER INSERT ON "keys" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "count_added_keys"();
--> statement-breakpoint
CREATE TRIGGER "keys_recounted" AFTER UPDATE ON "keys" REFERENCING OLD TABLE AS "removed" NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "count_changed_keys"();
--> statement-breakpoint
-- Rows come in the order of their times, so a few pages say where an instant lies; a tree over them would cost every row.
CREATE INDEX "request_log_time" ON "request_log" USING brin ("admitted_at") WITH (pages_per_range = 16);
--> statement-breakpoint
CREATE INDEX "ledger_time" ON "ledger" USING brin ("admitted_at") WITH (pages_per_range = 16);
