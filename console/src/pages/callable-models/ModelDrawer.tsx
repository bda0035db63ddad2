import { Drawer, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, Problem, type Schema } from '../../api/client.ts';
import { useBaseUrl } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { Snippets } from '../../components/dialogs/Snippets.tsx';
import { Facts } from '../../components/Facts.tsx';
import { priceLines } from '../../components/money/price-words.ts';
import { exactMoneyText } from '../../numbers/numbers.ts';
import { ClientSettings } from './ClientSettings.tsx';
import { words } from './words.ts';

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
      closeButtonProps={{ 'aria-label': words.close }}
    >
      {name !== undefined && <Asked query={target}>{(found) => <Content of={found} keyId={keyId} />}</Asked>}
    </Drawer>
  );
}

async function targetOf(keyId: string, name: string): Promise<Target> {
  const query = { search: name, limit: 200 };
  const { data } = await asked(api.GET('/keys/{id}/callable-targets', { params: { path: { id: keyId }, query } }));
  const found = data.find((target) => target.name === name);
  if (found === undefined) throw new Problem(404, words.cannotCallThis);
  return found;
}

const ENDPOINTS: Readonly<Record<Target['endpoints'][number], string>> = {
  chat_completions: '/v1/chat/completions',
  messages: '/v1/messages',
  responses: '/v1/responses',
  generate_content: '/v1beta/models/{model}:generateContent',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
  rerank: '/v1/rerank',
  moderations: '/v1/moderations',
  image_generations: '/v1/images/generations',
  image_edits: '/v1/images/edits',
  image_variations: '/v1/images/variations',
  speech: '/v1/audio/speech',
  transcriptions: '/v1/audio/transcriptions',
  translations: '/v1/audio/translations',
};

function Content({ of: target, keyId }: { of: Target; keyId: string }) {
  const baseUrl = useBaseUrl();
  const isGroup = target.type === 'route_group';
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          [words.name, <CopyText key="name" text={target.name} label={words.theName} />],
          [words.type, isGroup ? words.routeGroup : words.model],
          [words.serves, words.modes[target.mode]],
          [words.contextWindow, tokensText(target.context_window)],
          [words.maximumOutput, tokensText(target.max_output_tokens)],
          [words.providers, target.providers.join(', ')],
          [words.ifItFails, target.fallbacks.length === 0 ? words.noFallback : words.fallsBackTo(target.fallbacks)],
        ]}
      />
      <section>
        <Title order={2} mb="xs">
          {words.callIt}
        </Title>
        <Snippets baseUrl={baseUrl} secret={null} model={target.name} mode={target.mode} />
        <Text fz="xs" c="dimmed" mt={4}>
          {words.whereTheSecretIs}
        </Text>
        <Text fz="xs" c="dimmed" mt={4} component="div">
          {words.endpoints}
          {target.endpoints.map((endpoint) => (
            <div key={endpoint} className="mono">
              {ENDPOINTS[endpoint]}
            </div>
          ))}
        </Text>
      </section>
      {target.mode === 'chat' && (
        <section>
          <Title order={2} mb="xs">
            {words.setUpClient}
          </Title>
          <ClientSettings keyId={keyId} model={target.name} />
        </section>
      )}
      <section>
        <Title order={2} mb="xs">
          {words.prices}
        </Title>
        <Prices of={target} />
      </section>
    </Stack>
  );
}

function tokensText(tokens: number | null): string {
  return tokens === null ? words.notKnown : words.tokens(tokens);
}

function Prices({ of: { prices, deployment_count, unpriced_deployment_count: unpriced } }: { of: Target }) {
  if (prices === null) return <Text fz="sm">{words.noPriceYet}</Text>;
  return (
    <>
      <Table withTableBorder fz="sm" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.priceFor}</Table.Th>
            <Table.Th ta="right">{words.usdPerMillionOrEach}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {priceLines(prices).map(({ label, usd }) => (
            <Table.Tr key={label}>
              <Table.Td>{label}</Table.Td>
              <Table.Td ta="right">{usd === null ? words.standardPrice : exactMoneyText(usd)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text fz="xs" c="dimmed" mt={4}>
        {deployment_count > 1 && words.highestPrice}
        {unpriced > 0 && words.someHaveNoPrice}
      </Text>
    </>
  );
}
