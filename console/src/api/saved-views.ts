import { api, asked, type Schema } from './client.ts';

/** The calls of saved views. */

export type SavedView = Schema<'SavedView'>;
export type ViewPath = SavedView['path'];

/** Returns the query of an address without what belongs to one moment: a place in a list, an open dialog. */
export function savedQuery(searchText: string): string {
  const query = new URLSearchParams(searchText);
  for (const name of ['cursor', 'edit', 'new', 'create', 'event']) query.delete(name);
  return query.toString();
}

export async function listViews(path: ViewPath): Promise<readonly SavedView[]> {
  return (await asked(api.GET('/saved-views', { params: { query: { path } } }))).data;
}

export function saveView(view: Pick<SavedView, 'name' | 'path' | 'query' | 'organization_id'>): Promise<SavedView> {
  const { name, path, query, organization_id } = view;
  return asked(api.POST('/saved-views', { body: { name, path, query, organization_id } }));
}

export function changeView(id: string, body: { name?: string; query?: string }): Promise<SavedView> {
  return asked(api.PATCH('/saved-views/{id}', { params: { path: { id } }, body }));
}

export async function deleteView(id: string): Promise<void> {
  await asked(api.DELETE('/saved-views/{id}', { params: { path: { id } } }));
}
