/** Loaded before a worker's program (--import): the clock of its machine is off by SKEW_MS. Its monotonic clock is not. */
const skewMs = Number(process.env['SKEW_MS'] ?? 0)
const Real = Date

class SkewedDate extends Real {
  constructor(...given: [] | [number | string | Date]) {
    if (given.length === 0) super(Real.now() + skewMs)
    else super(...given)
  }

  static override now(): number {
    return Real.now() + skewMs
  }
}

globalThis.Date = SkewedDate as DateConstructor // a clock that is off, and a Date in all else
