import type { SsoCode } from '../../domain/identity/words.ts';
import { networkOf } from '../../identity/network.ts';
import { appendAnonymousEvent, createFlood, type Flood } from '../guards/floods.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import type { AdminDeps } from '../http/deps.ts';

/** Events about people whom an identity provider did not bring in, and about answers that were refused. */

const REFUSED = 'sign_in.refused';

/** The most refusals of a minute that get an event each. */
const EACH_MAX = 20;

interface RefusedArrival {
  readonly provider: string;
  readonly address: string;
}

const ofProcess = new WeakMap<AdminDeps, Flood<RefusedArrival>>();

/** Returns the refused arrivals of this process, which has one AdminDeps. */
export function refusedArrivalsOf(deps: AdminDeps): Flood<RefusedArrival> {
  const known = ofProcess.get(deps);
  if (known !== undefined) return known;
  const made = createFlood<RefusedArrival>({
    clock: deps.clock,
    eachMax: EACH_MAX,
    writeCounted: ({ count, reasons, examples }) =>
      appendAnonymousEvent(deps, {
        action: REFUSED,
        ...{ objectType: 'identity_provider', objectId: 'several', ip: examples[0]?.address ?? null },
        after: { refused: count, reasons, some: examples },
      }),
  });
  ofProcess.set(deps, made);
  return made;
}

/** A refusal as the audit log keeps it. */
export interface RefusalEvent {
  readonly code: SsoCode;
  /** The protocol's own code, or more of the reason; null: none. */
  readonly reason: string | null;
  readonly provider: { readonly organizationId: string; readonly id: string; readonly name: string };
  /** False if no flow of ours was shown, so that anybody could cause the event: it goes to the platform's chain. */
  readonly isOfFlow: boolean;
  /** Facts about the person that the provider named; never a proof. */
  readonly facts?: object;
}

/**
 * Records a refusal. In each minute, the first refusal per network, provider and code gets an event, up to twenty. All others of
 * that minute are counted in one event of the platform, so that many attempts do not fill the log.
 */
export async function recordRefusal(call: AdminCall<unknown, unknown, unknown>, refusal: RefusalEvent): Promise<void> {
  const { code, reason, provider, isOfFlow, facts = {} } = refusal;
  const { ip } = call.raw;
  const name = `${provider.id} ${code} ${networkOf(ip)}`;
  if (!(await refusedArrivalsOf(call.deps).mustWrite(name, code, { provider: provider.id, address: ip }))) return;
  await change(call as AdminCall, ({ record }) =>
    record({
      organizationId: isOfFlow ? provider.organizationId : null,
      action: REFUSED,
      objectType: 'identity_provider',
      objectId: provider.id,
      objectName: provider.name,
      before: null,
      after: { code, reason, ...facts },
    }),
  );
}
