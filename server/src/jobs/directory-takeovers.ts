/** After an upgrade: lets SCIM directories take over the roles that sign-ins gave where groups of the directory give one. */
import { queueTakeovers } from '../store/identity/scim-role-queue.ts';
import type { Job } from './job.ts';

const PEOPLE_AT_ONCE = 20_000;

/** Runs every day: while a replica of the version before runs, it leaves such roles to the sign-in. */
export function directoryTakeoversJob(): Job {
  return {
    name: 'directory-takeovers',
    about:
      'Finds people who have a role of a sign-in where a group of their SCIM directory gives one, and has their roles worked out again.',
    cron: '41 2 * * *',
    run: async ({ database: { db } }) => `Found ${await queueTakeovers(db, PEOPLE_AT_ONCE)} people.`,
  };
}
