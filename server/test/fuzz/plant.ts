// Loaded before the product by `node --import`: plants the fault that PLANTED_FAULT names in the product's own sources as they are read. The
// product itself knows nothing of it.
import { registerHooks } from 'node:module';
import { PLANTED } from './planted.ts';

const fault = PLANTED.find(({ name }) => name === process.env.PLANTED_FAULT);

if (fault !== undefined) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const changes = fault.changes.filter(({ file }) => url.endsWith(`/server/src/${file}`));
      if (changes.length === 0) return loaded;
      let source = String(loaded.source);
      for (const { file, from, to } of changes) {
        // A fault that cannot be planted any more would be found never, and nobody would know why.
        if (source.split(from).length !== 2) throw new Error(`${file} does not hold once what the fault stands for: ${from}`);
        source = source.replace(from, () => to);
      }
      return { ...loaded, source };
    },
  });
}
