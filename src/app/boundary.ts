/** What the boundary of a task says, and what a run of it has used up. */
import { boundaryReport, boundaryReportOf, type BoundaryReport } from '../boundary/index.ts'
import { isErased, type Log } from '../log/index.ts'
import { events, read, RunErased, RunNotFound, type Registry } from '../run/index.ts'
import type { AnyTask } from '../task/index.ts'
import { BadRequest } from './errors.ts'

export interface BoundaryOptions {
  /** With what this run has used up, and what its callers handed down to it. */
  readonly run?: string
}

/** Without a task: that of the run. @throws {RunNotFound} @throws {UnknownTask} */
export async function readBoundary(
  log: Log,
  registry: Registry,
  given: AnyTask | string | undefined,
  { run }: BoundaryOptions = {},
): Promise<BoundaryReport> {
  if (run === undefined) {
    if (given === undefined)
      throw new BadRequest('Say the boundary of which task, or of which run, is asked for.')
    return boundaryReport(typeof given === 'string' ? registry.get(given) : given)
  }
  const [row] = await log.select('runs', { where: { run } })
  if (!row) throw new RunNotFound(run)
  const name = String(row['task'])
  const code =
    typeof given === 'object' ? given : (registry.codeFor(name, String(row['version'])) ?? registry.get(name))
  if (code.name !== name || (typeof given === 'string' && given !== name))
    throw new BadRequest(
      `${run} is a run of task "${name}", not of "${typeof given === 'string' ? given : code.name}".`,
      { run },
    )
  const stream = events.chapterStream(run, Number(row['chapter']))
  for await (const [first] of log.read(stream)) {
    if (!first || isErased(first)) break
    const { boundary: above, since = first.at } = read(events.runStarted, first)
    return boundaryReportOf(log, code, { id: run, since, above })
  }
  throw new RunErased(run)
}
