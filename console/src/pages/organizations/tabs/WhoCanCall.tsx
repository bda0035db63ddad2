import { Anchor, Modal, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../../api/client.ts';
import { Asked } from '../../../components/Asked.tsx';
import { PageLink } from '../../../components/PageLink.tsx';
import { addressOf } from '../../../components/shell/addresses.ts';
import { links } from '../../../links.ts';
import { grantWords } from '../../access/step-words.ts';
import { words } from '../words.ts';

type TargetAccess = Schema<'TargetAccess'>;
type Holder = TargetAccess['teams'][number];

interface WhoCanCallProps {
  readonly organizationId: string;
  readonly target: string;
  readonly onClose: () => void;
}

/** Lists teams, members and keys of an organization that can call a target, each with its grant. */
export function WhoCanCall({ organizationId, target, onClose }: WhoCanCallProps) {
  const query = useQuery({
    queryKey: ['access-explain', organizationId, target],
    queryFn: async () => {
      const params = { query: { target, organization_id: organizationId } };
      return (await asked(api.GET('/access/explain', { params }))) as TargetAccess;
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={
        <>
          {words.whoCanCall} <span className="mono">{target}</span>?
        </>
      }
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <Asked query={query}>
        {(access) => (
          <Stack gap="sm">
            <SimpleGrid cols={{ base: 1, sm: 3 }}>
              <Holders label={words.teams} holders={access.teams} isMore={access.next_cursors.teams !== null} />
              <Holders label={words.members} holders={access.members} isMore={access.next_cursors.members !== null} />
              <Holders label={words.keys} holders={access.keys} isMore={access.next_cursors.keys !== null} />
            </SimpleGrid>
            <Anchor component={PageLink} at={links.accessExplorer({ target, organization_id: organizationId })} fz="sm">
              {words.openAccessExplorer}
            </Anchor>
          </Stack>
        )}
      </Asked>
    </Modal>
  );
}

function Holders({ label, holders, isMore }: { label: string; holders: readonly Holder[]; isMore: boolean }) {
  return (
    <section aria-label={label}>
      <Title order={3} mb={4}>
        {label}
      </Title>
      {holders.length === 0 && (
        <Text fz="sm" c="dimmed">
          {words.none}
        </Text>
      )}
      <Stack gap={4}>
        {holders.map(({ id, name, grant }) => (
          <div key={id}>
            <HolderName id={id} name={name} />
            {grant !== null && (
              <Text fz="xs" c="dimmed">
                {grantWords(grant)}
              </Text>
            )}
          </div>
        ))}
      </Stack>
      {isMore && (
        <Text fz="xs" c="dimmed">
          {words.andMore}
        </Text>
      )}
    </section>
  );
}

function HolderName({ id, name }: { id: string; name: string }) {
  const to = addressOf(id);
  const text = <bdi>{name}</bdi>;
  if (to === null) return <Text fz="sm">{text}</Text>;
  return (
    <Anchor component={Link} to={to} fz="sm">
      {text}
    </Anchor>
  );
}
