/** The one decision that all writers change. */
export const COUNTER = { subject: 'counter', scope: 'bench/writers' }
