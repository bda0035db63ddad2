const due: (() => void)[] = [];
let running: (() => void)[] = [];

/**
 * Calls back once what the event loop has already been told of is dealt with, in the order asked for. One immediate serves all of a turn.
 * The callbacks must not throw.
 */
export function afterPoll(callback: () => void): void {
  if (due.push(callback) === 1) setImmediate(run);
}

function run(): void {
  running = due.splice(0);
  for (const callback of running) callback();
}
