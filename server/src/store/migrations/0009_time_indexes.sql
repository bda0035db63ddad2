CREATE INDEX "rollups_time" ON "rollups" USING btree ("bucket_start");--> statement-breakpoint
CREATE INDEX "team_rollups_time" ON "team_rollups" USING btree ("hour_start");--> statement-breakpoint
-- By hand, since these tables are partitioned: rows come in the order of their times, so a tree over the times grows at one end only.
DROP INDEX "request_log_time";
--> statement-breakpoint
DROP INDEX "ledger_time";
--> statement-breakpoint
CREATE INDEX "request_log_newest" ON "request_log" USING btree ("admitted_at","request_id");
--> statement-breakpoint
CREATE INDEX "ledger_newest" ON "ledger" USING btree ("admitted_at");
