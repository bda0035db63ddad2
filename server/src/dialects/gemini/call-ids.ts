/**
 * The ids of the calls in a request. Gemini's calls mostly have none, and results name only the function. So an id is made from
 * the call's place, which is the same in every later request, and a result answers the first open call of its function.
 */
export class CallIds {
  readonly #open: { readonly id: string; readonly name: string }[] = [];

  /** Returns the id of the call at a place. */
  called(turn: number, at: number): string {
    return `call_${turn}_${at}`;
  }

  /** Notes a call. Returns its id. */
  call(id: string, name: string): string {
    this.#open.push({ id, name });
    return id;
  }

  /** Returns the id of the call that a result answers. */
  result(id: string, name: string): string {
    const at = this.#open.findIndex((call) => (id === '' ? call.name === name : call.id === id));
    const [answered] = at === -1 ? [] : this.#open.splice(at, 1);
    return answered?.id ?? (id === '' ? `call_${name}` : id);
  }
}
