import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../api/client.ts';
import { keptWithin } from '../api/kept.ts';
import { type AccessDraft, choiceBody, grantsBody } from './access-draft.ts';

/** The holder of the edited asset access. A holder below the organization has its `organizationId` and the ids above it. */
export type AccessLevel =
  | { readonly is: 'organization'; readonly organizationId?: string }
  | {
      readonly is: 'team' | 'user' | 'key';
      readonly organizationId: string;
      readonly teamId?: string | undefined;
      readonly memberId?: string | undefined;
    };

export type AccessPreview = Schema<'AccessPreview'>;

const TYPING_MS = 300;

/** Loads the targets that a choice would allow, as the server computes them, 300 ms after the last change. */
export function useAccessPreview(level: AccessLevel, draft: AccessDraft) {
  const body = previewBody(level, draft);
  const [settled] = useDebouncedValue(JSON.stringify(body), TYPING_MS);
  return useQuery({
    queryKey: ['access-preview', settled],
    queryFn: () => previewAccess(JSON.parse(settled) as PreviewBody),
    placeholderData: keptWithin(['access-preview']),
    staleTime: 10_000,
  });
}

type PreviewBody = ReturnType<typeof previewBody>;

async function previewAccess(body: PreviewBody): Promise<AccessPreview> {
  return asked(api.POST('/access/preview', { body }));
}

function previewBody(level: AccessLevel, draft: AccessDraft) {
  const places = level.is === 'organization' ? {} : { team_id: level.teamId, member_id: level.memberId };
  const known = Object.entries({ organization_id: level.organizationId, ...places }).filter(([, id]) => id !== undefined);
  return {
    ...(Object.fromEntries(known) as { organization_id?: string; team_id?: string; member_id?: string }),
    level: level.is,
    asset_access: level.is === 'organization' ? grantsBody(draft) : choiceBody(draft),
  };
}
