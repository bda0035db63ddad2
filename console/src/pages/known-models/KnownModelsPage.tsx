import { Tabs } from '@mantine/core';
import { queryText } from '../../api/events.ts';
import { useCan } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { type UrlState, useUrlState } from '../../components/fields/useUrlState.ts';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { TabStrip } from '../../components/shell/TabStrip.tsx';
import { ImportDialog } from './ImportDialog.tsx';
import { KnownModelsList } from './KnownModelsList.tsx';
import { PriceLists } from './PriceLists.tsx';
import { VendorList } from './VendorList.tsx';
import { words } from './words.ts';

const TABS = [
  { value: 'all', label: words.allModels },
  { value: 'vendors', label: words.vendorsLists },
  { value: 'lists', label: words.priceLists },
];

/** The models that price lists and deployments name, vendors' own lists compared with them, and the price lists. */
export function KnownModelsPage() {
  const [tab, choose] = useTab(TABS);
  const verdict = useCan('catalogue.manage');
  const [state, set] = useUrlState();
  const setImporting = (isImporting: boolean) => set({ import: isImporting ? '1' : undefined });
  return (
    <Page
      title={words.knownModels}
      about={words.knownModelsMean}
      actions={
        <>
          {tab === 'all' && <ExportMenu exports={[exportOf(state)]} note={words.exportMeans} />}
          <GuardedButton verdict={verdict} onClick={() => setImporting(true)}>
            {words.importPrices}
          </GuardedButton>
        </>
      }
    >
      <Tabs value={tab} keepMounted={false} onChange={choose}>
        <TabStrip value={tab} tabs={TABS} />
        <Tabs.Panel value="all">
          <KnownModelsList />
        </Tabs.Panel>
        <Tabs.Panel value="vendors">
          <VendorList />
        </Tabs.Panel>
        <Tabs.Panel value="lists">
          <PriceLists />
        </Tabs.Panel>
      </Tabs>
      <ImportDialog opened={state.import !== undefined && verdict.allowed} onClose={() => setImporting(false)} />
    </Page>
  );
}

function exportOf({ search, provider, feature, deployed, priced }: UrlState) {
  const path = `/known-models/export${queryText({ search, provider, feature, deployed, priced })}`;
  return { label: words.exportCsv, path, what: 'known-models', ending: 'csv' } as const;
}
