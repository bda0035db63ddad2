import { customType, jsonb, text, timestamp } from 'drizzle-orm/pg-core';

/** An instant, kept to the millisecond, read and written as a Date. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

/** Bytes, read and written as a Buffer. */
export const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' });

/**
 * Any JSON value, read back as it was stored. Drizzle's own jsonb parses a string a second time after the driver, so the string
 * "7" would become a number. That would break a hash that covers it.
 */
export const anyJson = customType<{ data: unknown }>({ dataType: () => 'jsonb', toDriver: (value) => JSON.stringify(value) });

export const createdAt = () => instant('created_at').notNull().defaultNow();
export const updatedAt = () => instant('updated_at').notNull().defaultNow();

/** Facts about an object that its owners store for themselves. The program never uses them. */
export const metadata = () => jsonb('metadata').$type<Record<string, unknown>>().notNull().default({});

/** Labels and names, in the order they were given. */
export const names = (name: string) => text(name).array().notNull().default([]);
