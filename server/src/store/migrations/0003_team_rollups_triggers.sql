-- Every move of a quarter hour moves its hour: by what was added, or by the difference.
CREATE FUNCTION "add_to_team_rollups"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "team_rollups" ("organization_id", "hour_start", "team_id", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	SELECT "organization_id", date_bin('1 hour', "bucket_start", timestamptz '2000-01-01 00:00:00+00') AS "hour_start", "team_id", "called_name", "deployment_id", "provider",
		sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests")
	FROM "added"
	GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
	ON CONFLICT ("organization_id", "hour_start", "team_id", "called_name", "deployment_id", "provider") DO UPDATE SET
		"requests" = "team_rollups"."requests" + excluded."requests",
		"estimated_requests" = "team_rollups"."estimated_requests" + excluded."estimated_requests",
		"refused_requests" = "team_rollups"."refused_requests" + excluded."refused_requests",
		"admitted" = "team_rollups"."admitted" + excluded."admitted",
		"input_tokens" = "team_rollups"."input_tokens" + excluded."input_tokens",
		"cached_input_tokens" = "team_rollups"."cached_input_tokens" + excluded."cached_input_tokens",
		"cache_write_tokens" = "team_rollups"."cache_write_tokens" + excluded."cache_write_tokens",
		"output_tokens" = "team_rollups"."output_tokens" + excluded."output_tokens",
		"reasoning_tokens" = "team_rollups"."reasoning_tokens" + excluded."reasoning_tokens",
		"total_tokens" = "team_rollups"."total_tokens" + excluded."total_tokens",
		"spend_nano_usd" = "team_rollups"."spend_nano_usd" + excluded."spend_nano_usd",
		"unpriced_requests" = "team_rollups"."unpriced_requests" + excluded."unpriced_requests";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION "change_team_rollups"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "team_rollups" ("organization_id", "hour_start", "team_id", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	SELECT "organization_id", date_bin('1 hour', "bucket_start", timestamptz '2000-01-01 00:00:00+00') AS "hour_start", "team_id", "called_name", "deployment_id", "provider",
		sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests")
	FROM (SELECT "organization_id", "bucket_start", "team_id", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests" FROM "added"
		UNION ALL SELECT "organization_id", "bucket_start", "team_id", "called_name", "deployment_id", "provider", -"requests", -"estimated_requests", -"refused_requests", -"admitted", -"input_tokens", -"cached_input_tokens", -"cache_write_tokens", -"output_tokens", -"reasoning_tokens", -"total_tokens", -"spend_nano_usd", -"unpriced_requests" FROM "removed") AS "moves" ("organization_id", "bucket_start", "team_id", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
	GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
	ON CONFLICT ("organization_id", "hour_start", "team_id", "called_name", "deployment_id", "provider") DO UPDATE SET
		"requests" = "team_rollups"."requests" + excluded."requests",
		"estimated_requests" = "team_rollups"."estimated_requests" + excluded."estimated_requests",
		"refused_requests" = "team_rollups"."refused_requests" + excluded."refused_requests",
		"admitted" = "team_rollups"."admitted" + excluded."admitted",
		"input_tokens" = "team_rollups"."input_tokens" + excluded."input_tokens",
		"cached_input_tokens" = "team_rollups"."cached_input_tokens" + excluded."cached_input_tokens",
		"cache_write_tokens" = "team_rollups"."cache_write_tokens" + excluded."cache_write_tokens",
		"output_tokens" = "team_rollups"."output_tokens" + excluded."output_tokens",
		"reasoning_tokens" = "team_rollups"."reasoning_tokens" + excluded."reasoning_tokens",
		"total_tokens" = "team_rollups"."total_tokens" + excluded."total_tokens",
		"spend_nano_usd" = "team_rollups"."spend_nano_usd" + excluded."spend_nano_usd",
		"unpriced_requests" = "team_rollups"."unpriced_requests" + excluded."unpriced_requests";
	RETURN NULL;
END $$;
--> statement-breakpoint
INSERT INTO "team_rollups" ("organization_id", "hour_start", "team_id", "called_name", "deployment_id", "provider", "requests", "estimated_requests", "refused_requests", "admitted", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "spend_nano_usd", "unpriced_requests")
SELECT "organization_id", date_bin('1 hour', "bucket_start", timestamptz '2000-01-01 00:00:00+00'), "team_id", "called_name", "deployment_id", "provider",
	sum("requests"), sum("estimated_requests"), sum("refused_requests"), sum("admitted"), sum("input_tokens"), sum("cached_input_tokens"), sum("cache_write_tokens"), sum("output_tokens"), sum("reasoning_tokens"), sum("total_tokens"), sum("spend_nano_usd"), sum("unpriced_requests")
FROM "rollups" GROUP BY 1, 2, 3, 4, 5, 6;
--> statement-breakpoint
CREATE TRIGGER "rollups_added" AFTER INSERT ON "rollups" REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "add_to_team_rollups"();
--> statement-breakpoint
CREATE TRIGGER "rollups_changed" AFTER UPDATE ON "rollups" REFERENCING OLD TABLE AS "removed" NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "change_team_rollups"();
