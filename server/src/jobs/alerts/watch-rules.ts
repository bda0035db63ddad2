/**
 * Looks at every enabled alert rule once a minute. An incident begins when a figure passes its rule's threshold, and ends when it
 * was below for the rule's quiet time. Both are announced once: the row of the incident and the event are one transaction, and a
 * rule and subject have at most one open incident. So neither a restart nor another replica announces an incident again.
 *
 * If the database is down: nothing is announced, and the next run finds the same.
 */
import type { RuleEventData, RuleIncident } from '../../domain/alerts/rule-words.ts';
import type { AlertType } from '../../domain/tenancy/alert.ts';
import * as rules from '../../store/alerts/alert-rules.ts';
import type { Database } from '../../store/database.ts';
import { goOn, type Job } from '../job.ts';
import type { Announcer } from './announce.ts';
import { type Found, findOver } from './rule-figures.ts';

export function alertRulesJob(announcer: Announcer): Job {
  return {
    name: 'alert-rules',
    about: 'Compares the figures of each alert rule with its threshold, and announces incidents and their ends.',
    cron: '* * * * *',
    run: async (context) => {
      const { db } = context.database;
      const nowMs = context.clock.nowMs();
      const all = await rules.enabled(db);
      const over = await findOver(db, all, nowMs);
      let [began, ended] = [0, 0];
      for (const [index, watched] of all.entries()) {
        goOn(context);
        const told = await db.transaction((tx) => tellOf(tx, announcer, watched, over[index] ?? [], new Date(nowMs)));
        began += told.began;
        ended += told.ended;
      }
      return `Looked at ${all.length} alert rules: ${began} incidents began, ${ended} ended.`;
    },
  };
}

async function tellOf(tx: Database, announcer: Announcer, watched: rules.WatchedRule, found: readonly Found[], at: Date) {
  const rule = await rules.lock(tx, watched.rule.id);
  // It was changed since the figures were read, which may be those of other settings.
  if (rule === null || rule.version !== watched.rule.version) return { began: 0, ended: 0 };
  const opened = await rules.noteOver(
    tx,
    rule.id,
    found.map(({ subject, subjectName, value }) => ({ subject, subjectName, value })),
    at,
  );
  const closed = await rules.closeQuiet(tx, rule.id, new Date(at.getTime() - rule.quietMinutes * 60_000), at);
  const announce = async (type: AlertType, incidents: readonly rules.IncidentRow[]) => {
    if (incidents.length === 0) return;
    const data = { ...ruleData({ ...watched, rule }), incidents: incidents.map((one) => incidentData(rule, one, found)) };
    const event = { organizationId: rule.organizationId, teamId: null, type, data: { ...data }, at };
    await announcer.announce(tx, event, { mail: rule.mail, webhookIds: rule.webhookIds });
  };
  await announce('rule.firing', opened);
  await announce('rule.recovered', closed);
  return { began: opened.length, ended: closed.length };
}

function ruleData({ rule, organization }: rules.WatchedRule): Omit<RuleEventData, 'incidents'> {
  return {
    rule: { id: rule.id, name: rule.name, kind: rule.kind },
    organization: organization === null ? null : { id: organization.id, slug: organization.slug, name: organization.name },
    window_minutes: rule.windowMinutes,
    threshold: rule.threshold,
    minimum_count: rule.minimumCount,
  };
}

function incidentData({ kind }: rules.AlertRuleRow, row: rules.IncidentRow, found: readonly Found[]): RuleIncident {
  const now = found.find(({ subject }) => subject === row.subject);
  return {
    subject:
      row.subject === ''
        ? null
        : { kind: kind === 'credential' ? 'credential' : 'deployment', id: row.subject, name: row.subjectName },
    value: row.closedAt === null ? row.value : row.lastValue,
    count: now?.count ?? 0,
    started_at: row.openedAt.toISOString(),
    ended_at: row.closedAt?.toISOString() ?? null,
    ...now?.more,
  };
}
