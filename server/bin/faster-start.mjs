// Node reads and parses a package's package.json again at each import of it and between its own files. That of drizzle-orm has 179 kB: to look it up
// a few hundred times took a fifth of the CPU of a start. Nothing else is changed by it.
import { registerHooks } from 'node:module';

const NAME = 'drizzle-orm';
const INSIDE = `/node_modules/${NAME}/`;
/** What its entrances are resolved to: the same from wherever they are imported, for there is one installed. */
const entrances = new Map();

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.')) {
      // Its files name each other by their paths, as ES modules with their extension.
      const isInside = specifier.endsWith('.js') && context.parentURL?.includes(INSIDE);
      if (!isInside) return next(specifier, context);
      return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true };
    }
    if (!specifier.startsWith(NAME) || !context.conditions.includes('import')) return next(specifier, context);
    const known = entrances.get(specifier);
    if (known !== undefined) return known;
    const found = { ...next(specifier, context), shortCircuit: true };
    entrances.set(specifier, found);
    return found;
  },
});
