/** Opens each part, passes it to the next, and closes them in order. The only file that knows all parts. */
import { createAdminApp } from '../admin/http/app.ts';
import { sendScheduledMail } from '../admin/scheduled-mails/send-mail.ts';
import { applyQueued } from '../admin/scim/directory-roles.ts';
import { keepConfiguredToken, welcome } from '../cli/welcome.ts';
import type { Preset } from '../domain/presets/preset.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { withTimeout } from '../lib/timing/timeout.ts';
import { createTimerWheel } from '../lib/timing/timer-wheel.ts';
import { shippedPresets } from '../providers/shipped-presets.ts';
import { stopCopies } from '../proxy/mirror/copy-state.ts';
import type { Config } from '../settings/config.ts';
import { adminDepsOf } from './admin-deps.ts';
import { behindOf } from './behind.ts';
import { bindStoredKeys } from './bind-stored-keys.ts';
import { caFrom } from './ca-files.ts';
import { closeWithin, letProxiesNotice, onSignal, settleUnheard } from './drain.ts';
import { keepCurrent } from './keep-current.ts';
import { openGateway } from './open-gateway.ts';
import { type OpenJobs, openJobs } from './open-jobs.ts';
import { openStores, type Stores } from './open-stores.ts';
import { operationsFor } from './operations-for.ts';
import { type Port, takePort } from './port.ts';
import { processFactsOf } from './process-facts.ts';
import { protocolsFor } from './protocols-for.ts';
import { type AddressPolicies, policiesOf, providersFor } from './providers-for.ts';
import { tellPassedOver } from './tell-passed-over.ts';
import { diskTrouble } from './volume.ts';
import { tellReady } from './workers.ts';

const FLUSH_MS_MAX = 10_000;
const STOP_MS_MAX = 10_000;
const CLOSE_MS_MAX = 25_000;
const IDLE_MS_WHILE_DRAINING = 1_000;

/** Serves until a signal ends the process. Rejects if the start fails, and then holds no lock or lease. */
export async function serve(config: Config, log: Logger): Promise<void> {
  const policies = policiesOf(config);
  caFrom(config.redisCaFile, 'HEADGATE_REDIS_CA_FILE'); // A mistake must be found before anything is created.
  const shipped = shippedPresets(); // So must a wrong file.
  const port = await takePort(config);
  const stores = await openStores(config, log);
  try {
    await serveFrom(port, stores, { policies, shipped }, config, log);
  } catch (error) {
    await stores.close().catch(() => {}); // A failed start must leave no lock or lease.
    throw error;
  }
}

interface Rules {
  readonly policies: AddressPolicies;
  readonly shipped: readonly Preset[];
}

async function serveFrom(port: Port, stores: Stores, { policies, shipped }: Rules, config: Config, log: Logger): Promise<void> {
  if (config.role !== 'data') await keepConfiguredToken(stores.database.db, stores.installation, config);
  await bindStoredKeys(stores, log);
  const wheel = createTimerWheel();
  const { providers, close: closeProviders } = providersFor(config, { policies, shipped }, wheel, log);
  const opened = await openGateway(config, stores, wheel, providers, log);
  const notReady = () => port.notReady ?? diskTrouble(stores);
  const facts = processFactsOf(config, stores, opened, notReady, clock);
  const sso = protocolsFor(config, policies.identityProviders, stores, wheel);
  const deps = adminDepsOf(config, stores, opened, policies, providers, sso.protocols, log);
  const jobs: OpenJobs = openJobs(config, stores, opened, providers, log, {
    sendScheduledMail: (scheduleId, accountId) => sendScheduledMail(adminDeps, scheduleId, accountId),
    applyDirectoryRoles: (goOn) => applyQueued(adminDeps, goOn),
    metadata: sso.metadata,
  });
  const adminDeps = { ...deps, process: facts, jobs: jobs.desk, buffered: port.bodies.buffered };
  const admin = await createAdminApp(adminDeps);
  const operations = operationsFor(config, port, stores, opened, jobs, admin, notReady);
  try {
    await port.bodies.spool.open();
    await port.serve(behindOf(config, port, opened, admin, operations, log));
  } catch (error) {
    // Otherwise background work would use a database that is being closed.
    await jobs.stop();
    await opened.leave();
    throw error;
  }
  const stopKeeping = keepCurrent(config, stores, opened, log);
  if (config.worker <= 1 && config.role !== 'data') await welcome({ config, stores, log, addresses: port.addresses() });
  else log.info({ address: port.addresses().shown }, 'headgate is ready');
  if (config.worker <= 1) void tellPassedOver(stores.database.db, log);
  port.notReady = null;
  if (config.role !== 'admin') opened.batches.driver.start();
  onSignal(log, async () => {
    await letProxiesNotice(port, config.drainLeadMs);
    // A database or network that does not answer must not block a process that stored what it could. The journal keeps the rest.
    await withTimeout(STOP_MS_MAX, Promise.all([stopKeeping(), jobs.stop()]));
    admin.endStreams();
    stopCopies(opened.gateway.mirrors); // Nobody waits for them.
    const cutStreams = () => {
      for (const { cutShort } of opened.gateway.traffic.inFlight()) cutShort?.();
    };
    const startedMs = clock.monotonicMs();
    // A proxy that has to notice may still use a connection that an earlier answer left open.
    const idleMs = config.drainLeadMs === 0 ? 0 : IDLE_MS_WHILE_DRAINING;
    await closeWithin(port.listening, { ms: config.drainMsMax, idleMs }, cutStreams);
    await settleUnheard(opened, config.drainMsMax - (clock.monotonicMs() - startedMs), cutStreams);
    await admin.close();
    closeProviders();
    sso.close();
    // Store and report what is settled before this replica leaves.
    await stores.writer.barrier(async () => {}, FLUSH_MS_MAX).catch(() => {});
    await withTimeout(STOP_MS_MAX, opened.leave());
    await withTimeout(CLOSE_MS_MAX, stores.close());
    await opened.telemetry?.close();
  });
  tellReady();
}
