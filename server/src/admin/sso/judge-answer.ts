import type { ProtocolOutcome } from '../../identity/protocol.ts';
import { ProviderUnreachable } from '../../identity/protocol-problems.ts';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import type { FlowRow } from '../../store/identity/sign-in-flows.ts';
import type { AdminCall } from '../http/call.ts';
import { keptWith } from './flow.ts';
import { protocolOf, providerToAsk } from './provider-to-ask.ts';

/** An answer that could not be judged because the provider did not answer us. */
export type Judged = ProtocolOutcome | { readonly is: 'unreachable'; readonly words: string };

/** Passes what came back to the protocol. */
export async function judgeAnswer(
  { deps }: Pick<AdminCall, 'deps'>,
  row: ProviderRow,
  flow: FlowRow,
  incoming: URLSearchParams,
): Promise<Judged> {
  const keep = keptWith(deps, flow);
  if (keep === null) return { is: 'unreachable', words: 'This sign-in was begun before the keys of this gateway were replaced.' };
  try {
    const provider = providerToAsk(deps, row, flow.purpose === 'test' ? 'next' : 'present');
    return await protocolOf(deps, row).finish(provider, keep, incoming);
  } catch (error) {
    if (error instanceof ProviderUnreachable) return { is: 'unreachable', words: error.message };
    throw error;
  }
}
