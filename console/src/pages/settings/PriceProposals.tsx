import { Alert, Button, Group, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { useCan, type Verdict } from '../../api/session.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { priceLines } from '../../components/money/price-words.ts';
import { Named } from '../../components/Named.tsx';
import { Money } from '../../numbers/Money.tsx';
import { words } from './words.ts';

type Proposal = Schema<'PriceProposal'>;

/** Lists published prices that changed since deployments took them. Shows nothing if there are none. */
export function PriceProposals() {
  const { data } = useQuery({ queryKey: ['price-proposals'], queryFn: () => asked(api.GET('/prices/proposals')) });
  if (data === undefined || data.data.length === 0) return null;
  return <Shown proposals={data.data} />;
}

function Shown({ proposals }: { proposals: readonly Proposal[] }) {
  const verdict = useCan('catalogue.manage');
  const queryClient = useQueryClient();
  const deciding = useMutation({
    mutationFn: async ({ deployment_id: id, takes }: { deployment_id: string; takes: boolean }) => {
      const params = { path: { id } };
      await asked(
        takes ? api.POST('/prices/proposals/{id}/adopt', { params }) : api.POST('/prices/proposals/{id}/dismiss', { params }),
      );
    },
    onSuccess: async (_, { takes }) => {
      saved(takes ? words.publishedPriceInForce : words.currentPriceStays);
      await Promise.all(
        ['price-proposals', 'prices', 'deployments'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })),
      );
    },
  });
  return (
    <Alert color="yellow" mb="md" title={words.publishedPricesChanged}>
      <Stack gap="sm">
        <Text fz="sm">{words.pricesChangedMean}</Text>
        {deciding.isError && <ProblemNote error={deciding.error} />}
        <TableScroll minWidth={640}>
          <Table fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.model}</Table.Th>
                <Table.Th>{words.deployment}</Table.Th>
                <Table.Th>{words.changesInUsd}</Table.Th>
                <Table.Th>{words.decision}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {proposals.map((proposal) => (
                <ProposalRow
                  key={proposal.deployment_id}
                  proposal={proposal}
                  verdict={verdict}
                  onAdopt={() => deciding.mutate({ deployment_id: proposal.deployment_id, takes: true })}
                  onKeep={() => deciding.mutate({ deployment_id: proposal.deployment_id, takes: false })}
                />
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
      </Stack>
    </Alert>
  );
}

interface ProposalRowProps {
  readonly proposal: Proposal;
  readonly verdict: Verdict;
  readonly onAdopt: () => void;
  readonly onKeep: () => void;
}

function ProposalRow({ proposal, verdict, onAdopt, onKeep }: ProposalRowProps) {
  return (
    <Table.Tr>
      <Table.Td>
        <bdi>{proposal.model}</bdi>
      </Table.Td>
      <Table.Td>
        <Named id={proposal.deployment_id} />
      </Table.Td>
      <Table.Td>
        <Changes proposal={proposal} />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <GuardedButton verdict={verdict} size="compact-sm" aria-label={words.adoptPriceOf(proposal.model)} onClick={onAdopt}>
            {words.adoptNewPrice}{' '}
          </GuardedButton>
          <Button
            size="compact-sm"
            variant="default"
            disabled={!verdict.allowed}
            aria-label={words.keepPriceOf(proposal.model)}
            onClick={onKeep}
          >
            {words.keepCurrentPrice}
          </Button>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

/** Lists the prices that differ between the two versions. */
function Changes({ proposal: { prices, proposed } }: { proposal: Proposal }) {
  const [ours, theirs] = [prices, proposed].map((one) => new Map(priceLines(one).map(({ label, usd }) => [label, usd])));
  const labels = [...new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])])].filter(
    (label) => ours?.get(label) !== theirs?.get(label),
  );
  return (
    <Stack gap={2}>
      {labels.map((label) => (
        <Text key={label} fz="sm" component="span" className="nowrap">
          {label} <Amount usd={ours?.get(label)} /> → <Amount usd={theirs?.get(label)} />
        </Text>
      ))}
    </Stack>
  );
}

/** An amount. Null means the same as the ordinary rate; undefined means no price. */
function Amount({ usd }: { usd: string | null | undefined }) {
  return usd === null ? words.standardPrice : <Money usd={usd} exact />;
}
