/** Scopes and what lies below them. */

/** A prefix alone would let `acme-two` into `acme`. */
export const isWithin = (scope: string, above: string): boolean =>
  above === '' || scope === above || scope.startsWith(`${above}/`)
