import { customType, jsonb, text, timestamp } from 'drizzle-orm/pg-core';

/** An instant, kept to the millisecond, read and written as a Date. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

/** Bytes, read and written as a Buffer. */
export const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' });

/**
 * Any JSON value, given back as it was stored. drizzle's own jsonb parses a text once more after the driver has, so that
 * the text "7" would come back as a number: enough to break a hash that covers it.
 */
export const anyJson = customType<{ data: unknown }>({ dataType: () => 'jsonb', toDriver: (value) => JSON.stringify(value) });

export const createdAt = () => instant('created_at').notNull().defaultNow();
export const updatedAt = () => instant('updated_at').notNull().defaultNow();

/** People's own facts about an object; the program never reads them. */
export const metadata = () => jsonb('metadata').$type<Record<string, unknown>>().notNull().default({});

/** Labels and names, in the order they were given. */
export const names = (name: string) => text(name).array().notNull().default([]);
