/**
 * When an item stops being live by itself: at `validTo`, and not because it is old.
 *
 * E1. Nothing is recorded when that time comes, and nobody has to be running: whoever reads finds it expired as of the store's time.
 * E2. A date for review ends nothing: a decision past it still binds, and is shown as due to be looked at.
 */
import type { Item, ItemStatus } from '../task/index.ts'

/** Beyond any date that can be given. */
const NEVER = Number.MAX_SAFE_INTEGER

/** Nobody has said that it is over; whether it has expired is another question. */
export const isLive = (status: string): boolean => status === 'active' || status === 'proposed'

/** What is recorded as expired has always been. */
export function endOf(status: ItemStatus, validTo: Date | undefined): number {
  if (status === 'expired') return -NEVER
  return validTo?.getTime() ?? NEVER
}

/** As it counts at a time. */
export function statusAt({ status, validTo }: Pick<Item, 'status' | 'validTo'>, at: number): ItemStatus {
  return isLive(status) && endOf(status, validTo) <= at ? 'expired' : status
}

/** The item as it counts at a time. */
export function asAt<T extends Pick<Item, 'status' | 'validTo'>>(item: T, at: number): T {
  const status = statusAt(item, at)
  return status === item.status ? item : { ...item, status }
}
