import { Button, Group, Stack, Text } from '@mantine/core';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { Named } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { type Remedy, remedyAddress, remedySubject, remedyVerb, remedyWords, rolesText } from './remedy-words.ts';
import { words } from './words.ts';

interface RemediesProps {
  readonly remedies: readonly Remedy[];
  readonly request: { readonly model: string | null; readonly organization_id: string };
}

/**
 * The changes that let a refused request pass. For people who may make one, a button opens the field. For others, it says who
 * can.
 */
export function Remedies({ remedies, request }: RemediesProps) {
  if (remedies.length === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-label={words.whatToDo}>
      <Text fz="sm" fw={600}>
        {words.whatToDo}
      </Text>
      {remedies.length > 1 && <Text fz="sm">{words.eachReasonRefused(remedies.length)}</Text>}
      {remedies.map((remedy) => (
        <Line key={`${remedy.action} ${remedy.scope} ${remedy.field}`} remedy={remedy} request={request} />
      ))}
    </Stack>
  );
}

function Line({ remedy, request }: { remedy: Remedy } & Pick<RemediesProps, 'request'>) {
  const address = remedyAddress(remedy, request);
  return (
    <Group gap="sm" style={{ rowGap: 4 }}>
      <Text fz="sm" component="div">
        {remedySubject(remedy)}
        {remedy.scope_id !== null && (
          <>
            {' · '}
            <Named id={remedy.scope_id} />
          </>
        )}
      </Text>
      {remedy.allowed && address !== null && (
        <Button component={PageLink} at={address} size="xs">
          {remedyVerb(remedy)}
        </Button>
      )}
      {!remedy.allowed && <WhoCan remedy={remedy} />}
    </Group>
  );
}

/** Says who can make a change that the reader may not make: by name if they may see the names, else by role. */
function WhoCan({ remedy }: { remedy: Remedy }) {
  const { people, roles, own } = remedy;
  return (
    <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
      {own && words.cannotRaiseOwnLimits}
      {words.onlyTheyCan(rolesText(roles), remedyWords(remedy))}
      {people === null || people.length === 0 ? (
        '.'
      ) : (
        <>
          :{' '}
          {people.map(({ account_id, name, role }, index) => (
            <span key={account_id}>
              {index > 0 && ', '}
              <bdi>{name}</bdi> ({roleWord(role).toLowerCase()})
            </span>
          ))}
          .
        </>
      )}
    </Text>
  );
}
