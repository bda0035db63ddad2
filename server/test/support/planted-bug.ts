/**
 * Imported before a program that runs from its sources: it plants a bug. A request whose caller names it `held-for-ever` fails between the hold
 * that it took and the list of requests in flight, so that nothing gives its hold back. Fails if the place of the bug is not found.
 */
import { registerHooks } from 'node:module';

const FILE = '/server/src/proxy/admit.ts';
const HONEST = '  const cap = outputCapFor(question, result.nanoUsd);';
const PLANTED = "  if (walk.clientRequestId === 'held-for-ever') throw new Error('a planted bug');\n";

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (!url.endsWith(FILE)) return loaded;
    const source = String(loaded.source);
    if (source.split(HONEST).length !== 2) throw new Error(`${FILE} has changed: the bug has no place there`);
    return { ...loaded, source: source.replace(HONEST, PLANTED + HONEST) };
  },
});
