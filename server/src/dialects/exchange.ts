import type { Exchange, ExchangeOptions } from './dialect.ts';
import { nativeExchange } from './native/native-exchange.ts';

export { estimateTokens } from './estimate.ts';
export { readBody } from './read-body.ts';
export { readFacts } from './read-facts.ts';
export { usageOf } from './usage.ts';

/** How to say one request to one upstream and its answer to the client. Throws when no translation exists between the two wires. */
export function openExchange(options: ExchangeOptions): Exchange {
  if (options.client === options.upstream) return nativeExchange(options);
  throw new Error(`there is no translation from ${options.client} to ${options.upstream}`);
}
