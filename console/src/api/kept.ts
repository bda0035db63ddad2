/**
 * Keeps the answer before on the page until the next one is here, but only if its key begins with the same `shape`. The shape
 * names what a row is and whose rows they are: the list, its parent, the grouping. Rows of another grouping have no value under
 * the new one: they would all be one row without a name.
 *
 * Pass the parts of the query's key up to where only filters, order, range and place follow.
 */
export function keptWithin(shape: readonly unknown[]) {
  const wanted = JSON.stringify(shape);
  return <Data>(before: Data | undefined, query: { readonly queryKey: readonly unknown[] } | undefined): Data | undefined =>
    JSON.stringify(query?.queryKey.slice(0, shape.length)) === wanted ? before : undefined;
}
