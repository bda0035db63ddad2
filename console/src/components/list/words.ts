/** Every text of the lists that all pages use, by the file that shows it. */
export const words = {
  // ExportMenu
  notExported: 'Not exported',
  wasDownloaded: (file: string) => `${file} was downloaded.`,
  export: 'Export',

  // FilterBar
  filter: (count: string) => `Filter${count}`,
  chooseAnOrganizationFirst: 'Choose an organization first',
  removeFilter: (label: string) => `Remove the filter ${label}`,

  // ListFoot
  shown: (count: number) => `${count} shown`,
  inTotal: (total: string) => `${total} in total`,
  rowsOnAPage: 'Rows on a page',
  back: 'Back',
  next: 'Next',

  // SortSelect
  ascending: (name: string) => `${name}, ascending`,
  descending: (name: string) => `${name}, descending`,
  order: 'Order',

  // TableHead
  chooseAll: 'Choose all rows',
  actions: 'Actions',

  // TableRow
  choose: (name: string) => `Choose ${name}`,

  // column
  nothingMatches: 'Nothing matches. Change the search or the filters.',
};
