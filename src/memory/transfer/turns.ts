/** A long text is worked through in pieces, so that runs go on meanwhile. */
const AT_ONCE = 200

/** Asked for at every line; waits for the others now and then. */
export function turns(): () => Promise<void> {
  let taken = 0
  return async () => {
    if (++taken % AT_ONCE === 0) await new Promise(setImmediate)
  }
}
