/** How often a worker looks, and for how much. */

export const POLL_MS = 1000
/** Of these polls one looks for what changes seldom. */
export const SELDOM = 5
export const SWEEP = 60
/** Between two rounds: a busy store commits thousands of times a second. */
export const GAP_MS = 10
/** At most so many at once, so that workers that look together each get some. */
export const TAKE_AT_MOST = 16
export const FIRST_PAUSE_MS = 50
export const LONGEST_PAUSE_MS = 1000
/** After what is no mere outage. */
export const LONG_PAUSE_MS = 10_000
/** A run still due for the wake-up that it was just handed out for is not handed out again before this. */
export const SAME_AGAIN_MS = 300
