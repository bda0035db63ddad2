import type { Logger } from '../lib/log.ts';
import { passedOver } from '../store/catalogue/passed-over.ts';
import type { Database } from '../store/database.ts';

const TOLD_MAX = 50;

/**
 * Logs the deployments that requests without tags never reach. Earlier versions did not route by tags, so after an upgrade these
 * deployments may get fewer requests than an operator expects. Writes one line, or none if there are no such deployments. Never
 * throws.
 */
export async function tellPassedOver(db: Database, log: Logger): Promise<void> {
  try {
    const all = [...(await passedOver(db))];
    if (all.length === 0) return;
    const deployments = all.slice(0, TOLD_MAX).map(([id, targets]) => ({ id, targets: targets.slice(0, TOLD_MAX) }));
    log.info(
      { count: all.length, deployments },
      'routing: these deployments have tags and serve only requests with these tags, because another deployment of the same name has none',
    );
  } catch (error) {
    log.warn({ err: error }, 'routing: the deployments that serve only requests with tags could not be listed');
  }
}
