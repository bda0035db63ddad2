/** The methods of an object, each bound to it, so that a test can replace some of them: `{ ...methodsOf(counters), settle: … }`. */
export function methodsOf<T extends object>(inner: T): T {
  const bound: Record<string, unknown> = { ...(inner as Record<string, unknown>) };
  for (let at: object = inner; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const value = inner[name as keyof T];
      if (name !== 'constructor' && typeof value === 'function') bound[name] ??= value.bind(inner);
    }
  }
  return bound as T;
}
