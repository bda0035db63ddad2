import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';

/** The fake vendor behind a gate: what it would say waits until the gate is opened, and from then on nothing waits. */
export interface GatedProvider {
  readonly provider: Provider;
  /** Resolves once so many answers wait. */
  waiting(count: number): Promise<void>;
  open(): void;
}

export function gatedProvider(): GatedProvider {
  const held = new Set<() => void>();
  let isOpen = false;
  const schedule = (_delayMs: number, run: () => void) => {
    if (!isOpen) {
      held.add(run);
      return () => void held.delete(run);
    }
    const soon = setImmediate(run);
    return () => clearImmediate(soon);
  };
  return {
    provider: createFakeProvider({ schedule }),
    waiting: async (count) => {
      for (let turns = 0; held.size < count; turns += 1) {
        if (turns > 2_000) throw new Error(`${held.size} answers wait, not ${count}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    open: () => {
      isOpen = true;
      for (const run of held) setImmediate(run);
      held.clear();
    },
  };
}
