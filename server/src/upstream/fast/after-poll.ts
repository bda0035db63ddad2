const due: (() => void)[] = [];
let running: (() => void)[] = [];

/**
 * Calls back once the event loop has handled the events that are already pending, in the order of the calls. One immediate serves
 * all callbacks of a turn. The callbacks must not throw.
 */
export function afterPoll(callback: () => void): void {
  if (due.push(callback) === 1) setImmediate(run);
}

function run(): void {
  running = due.splice(0);
  for (const callback of running) callback();
}
