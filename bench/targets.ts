/** What is aimed for, against what was measured. A target whose figures are missing from this run is left out. */
import { isReached } from './own/figure.ts'
import type { Measured } from './measure.ts'
import type { Figure } from './own/figure.ts'

export interface Verdict {
  readonly target: string
  readonly measured: string
  readonly isReached: boolean
}

export const oursName = 'Throughline'

export function verdicts(measured: readonly Measured[], figures: readonly Figure[]): Verdict[] {
  return [...comparisons(measured), ...limits(figures)]
}

function comparisons(measured: readonly Measured[]): Verdict[] {
  const ours = measured.find((one) => one.name === oursName)
  const peers = measured.filter((one) => one.name !== oursName)
  if (ours === undefined) return []
  const raw: Verdict = {
    target: 'one run ≥ 80 % of raw append + fdatasync',
    measured: `${(ours.sequential.ofRaw * 100).toFixed(0)} %`,
    isReached: ours.sequential.ofRaw >= 0.8,
  }
  if (peers.length === 0) return [raw]
  return [
    raw,
    times(
      'one run ≥ 6 × the fastest peer',
      6,
      ours.sequential.perSecond,
      peers,
      (peer) => peer.sequential.perSecond,
    ),
    times(
      '100 × 50 ≥ 12 × the fastest peer',
      12,
      ours.fleet.perSecond,
      peers,
      (peer) => peer.fleet.perSecond,
    ),
  ]
}

function times(
  target: string,
  factor: number,
  ours: number,
  peers: readonly Measured[],
  speed: (peer: Measured) => number,
): Verdict {
  const fastest = peers.reduce((best, peer) => (speed(peer) > speed(best) ? peer : best))
  const ratio = ours / speed(fastest)
  return { target, measured: `${ratio.toFixed(1)} × ${fastest.name}`, isReached: ratio >= factor }
}

function limits(figures: readonly Figure[]): Verdict[] {
  return figures.flatMap((figure) => {
    const reached = isReached(figure)
    if (reached === undefined) return []
    const limit = figure.atMost === undefined ? `≥ ${figure.atLeast}` : `≤ ${figure.atMost}`
    return [
      {
        target: `${figure.name} ${limit} ${figure.unit}`,
        measured: `${round(figure.value)} ${figure.unit}`,
        isReached: reached,
      },
    ]
  })
}

export function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
