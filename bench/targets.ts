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
const onPostgres = 'Throughline on Postgres'

export function verdicts(measured: readonly Measured[], figures: readonly Figure[]): Verdict[] {
  return [...comparisons(measured), ...comparisonsOnPostgres(measured), ...limits(figures)]
}

function comparisons(measured: readonly Measured[]): Verdict[] {
  const ours = measured.find((one) => one.name === oursName)
  const peers = measured.filter(({ name }) => name !== oursName && name !== onPostgres)
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

/** Beside the peer that keeps its record in the same kind of server. */
function comparisonsOnPostgres(measured: readonly Measured[]): Verdict[] {
  const ours = measured.find(({ name }) => name === onPostgres)
  const peers = measured.filter(({ name }) => name === 'DBOS')
  if (ours === undefined || peers.length === 0) return []
  return [
    times(
      'on Postgres, one run ≥ 3 × DBOS',
      3,
      ours.sequential.perSecond,
      peers,
      (peer) => peer.sequential.perSecond,
    ),
    times(
      'on Postgres, 100 × 50 ≥ 12 × DBOS',
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
    return [
      {
        target: `${figure.name} ${limitOf(figure)}`,
        measured: `${round(figure.value)} ${figure.unit}`,
        isReached: reached,
      },
    ]
  })
}

/** What is asked of a figure, if anything is. */
export function limitOf({ atMost, atLeast, unit }: Figure): string | undefined {
  if (atMost !== undefined) return `≤ ${atMost} ${unit}`
  return atLeast === undefined ? undefined : `≥ ${atLeast} ${unit}`
}

export function round(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
