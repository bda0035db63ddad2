import type { Logger } from '../lib/log.ts';
import { passedOver } from '../store/catalogue/passed-over.ts';
import type { Database } from '../store/database.ts';

const TOLD_MAX = 50;

/**
 * Names in the log the deployments that requests without tags pass over: versions before routed nothing by tags, so after an upgrade they get
 * fewer requests than an operator may expect. One line, and none where there are no such deployments. Never throws.
 */
export async function tellPassedOver(db: Database, log: Logger): Promise<void> {
  try {
    const all = [...(await passedOver(db))];
    if (all.length === 0) return;
    const deployments = all.slice(0, TOLD_MAX).map(([id, targets]) => ({ id, targets: targets.slice(0, TOLD_MAX) }));
    log.info(
      { count: all.length, deployments },
      'routing: these deployments carry tags and get only requests that name them, because another deployment of the same name carries none',
    );
  } catch (error) {
    log.warn({ err: error }, 'routing: deployments that requests without tags pass over could not be listed');
  }
}
