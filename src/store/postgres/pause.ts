/**
 * How long to wait before asking a database again that did not answer.
 *
 * Full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter", 2015), from a floor: a restart takes a second or so, and
 * a fleet must not come back in step. Drawn from the machine: no outcome of a run rests on it.
 */
import { setTimeout } from 'node:timers/promises'

const FLOOR_MS = 20
const FIRST_MS = 50
const LONGEST_MS = 2000
/** Taken when this module is loaded: what watches over bodies must not see the layer's own use. */
const chance = Math.random

/** The pause after attempt `attempt`, the first being 1. */
export function pauseMs(attempt: number, draw = chance()): number {
  return FLOOR_MS + Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1)) * draw
}

export async function sleep(ms: number): Promise<void> {
  await setTimeout(ms)
}
