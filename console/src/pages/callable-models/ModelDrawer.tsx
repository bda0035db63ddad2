import { Drawer, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, Problem, type Schema } from '../../api/client.ts';
import { useBaseUrl } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { Snippets } from '../../components/dialogs/Snippets.tsx';
import { Facts } from '../../components/Facts.tsx';
import { priceLines } from '../../components/money/price-words.ts';
import { countText } from '../../numbers/numbers.ts';

type Target = Schema<'KeyTarget'>;

interface ModelDrawerProps {
  readonly keyId: string;
  /** The opened name. Absent: the drawer is closed. */
  readonly name: string | undefined;
  readonly onClose: () => void;
}

/** One model or route group as a key calls it: its facts, its prices, and a call that is ready to paste. */
export function ModelDrawer({ keyId, name, onClose }: ModelDrawerProps) {
  const target = useQuery({
    queryKey: ['callable-targets', keyId, 'one', name],
    queryFn: () => targetOf(keyId, name ?? ''),
    enabled: name !== undefined,
  });
  return (
    <Drawer
      opened={name !== undefined}
      onClose={onClose}
      position="right"
      size="xl"
      title={name}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {name !== undefined && <Asked query={target}>{(found) => <Content of={found} />}</Asked>}
    </Drawer>
  );
}

async function targetOf(keyId: string, name: string): Promise<Target> {
  const query = { search: name, limit: 200 };
  const { data } = await asked(api.GET('/keys/{id}/callable-targets', { params: { path: { id: keyId }, query } }));
  const found = data.find((target) => target.name === name);
  if (found === undefined) throw new Problem(404, 'This key cannot call a model or route group with this name.');
  return found;
}

const ENDPOINTS: Readonly<Record<Target['endpoints'][number], string>> = {
  chat_completions: '/v1/chat/completions',
  messages: '/v1/messages',
  embeddings: '/v1/embeddings',
};

function Content({ of: target }: { of: Target }) {
  const baseUrl = useBaseUrl();
  const isGroup = target.type === 'route_group';
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          ['Name', <CopyText key="name" text={target.name} label="the name" />],
          ['Type', isGroup ? 'Route group' : 'Model'],
          ['Serves', target.mode === 'chat' ? 'Chat' : 'Embeddings'],
          ['Context window', tokensText(target.context_window)],
          ['Most output', tokensText(target.max_output_tokens)],
          ['Providers', target.providers.join(', ')],
          [
            'Endpoints',
            target.endpoints.map((endpoint) => (
              <Text key={endpoint} fz="xs" className="mono">
                {ENDPOINTS[endpoint]}
              </Text>
            )),
          ],
          ['If it fails', target.fallbacks.length === 0 ? 'No fallback' : `Then ${target.fallbacks.join(', then ')}`],
        ]}
      />
      <section>
        <Title order={2} mb="xs">
          Call it
        </Title>
        <Snippets baseUrl={baseUrl} secret={null} model={target.name} mode={target.mode} />
        <Text fz="xs" c="dimmed" mt={4}>
          Set HEADGATE_KEY to the secret of your key. Headgate shows a secret only once: rotate the key if you no longer have it.
        </Text>
      </section>
      <section>
        <Title order={2} mb="xs">
          Prices
        </Title>
        <Prices of={target} />
      </section>
    </Stack>
  );
}

function tokensText(tokens: number | null): string {
  return tokens === null ? 'Not known' : `${countText(tokens)} tokens`;
}

function Prices({ of: { prices, deployment_count, unpriced_deployment_count: unpriced } }: { of: Target }) {
  if (prices === null)
    return (
      <Text fz="sm">It has no price yet. Requests under a blocking budget are refused, and other spend does not include it.</Text>
    );
  return (
    <>
      <Table withTableBorder fz="sm" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th ta="right">USD per million tokens, or each</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {priceLines(prices).map(({ label, usd }) => (
            <Table.Tr key={label}>
              <Table.Td>{label}</Table.Td>
              <Table.Td ta="right">{usd === null ? 'standard price' : `$${usd}`}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text fz="xs" c="dimmed" mt={4}>
        {deployment_count > 1 && 'The highest price among its deployments. '}
        {unpriced > 0 && 'Some of its deployments have no price.'}
      </Text>
    </>
  );
}
