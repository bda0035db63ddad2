/**
 * Imported before a program that runs from its sources: it plants a bug. What a request holds is not released when it settles, if its caller
 * names it with HELD_FOR_EVER. Fails if the place of the bug is not found.
 */
import { registerHooks } from 'node:module';

const FILE = '/server/src/proxy/settle.ts';
const HONEST = '  const settled = gateway.counters.settle(';
const PLANTED = "  if (admission.walk.clientRequestId === 'held-for-ever') return;\n";

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (!url.endsWith(FILE)) return loaded;
    const source = String(loaded.source);
    if (source.split(HONEST).length !== 2) throw new Error(`${FILE} has changed: the bug has no place there`);
    return { ...loaded, source: source.replace(HONEST, PLANTED + HONEST) };
  },
});
