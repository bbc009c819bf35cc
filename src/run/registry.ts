/** The tasks this process has code for. */
import { ThroughlineError } from '../errors.ts'
import type { AnyTask } from '../task/index.ts'

/** Two tasks of one name and version, or something that is no task. */
export class DuplicateTask extends ThroughlineError {
  constructor(name: string, version: string) {
    super('duplicate_task', {
      message: `Two tasks are named "${name}" with version "${version}"; give one another name, or another version.`,
      data: { name, version },
    })
  }
}

/** No task of that name here. */
export class UnknownTask extends ThroughlineError {
  constructor(name: string, known: readonly string[]) {
    super('unknown_task', {
      message: `There is no task "${name}" here. ${known.length > 0 ? `Known: ${known.join(', ')}.` : 'No tasks were registered.'} Pass it in open({ tasks }), or check the spelling.`,
      data: { name, known },
    })
  }
}

export class Registry {
  readonly #tasks = new Map<string, Map<string, AnyTask>>()

  /** @throws {DuplicateTask} */
  constructor(tasks: readonly AnyTask[]) {
    for (const task of tasks) this.add(task)
  }

  /** @throws {DuplicateTask} */
  add(task: AnyTask): void {
    const versions = this.#tasks.get(task.name) ?? new Map<string, AnyTask>()
    const other = versions.get(task.version)
    if (other && other !== task) throw new DuplicateTask(task.name, task.version)
    this.#tasks.set(task.name, versions.set(task.version, task))
  }

  /** The code that may carry a run of this version: its own, or a later one that says it resumes it. */
  codeFor(name: string, version: string): AnyTask | undefined {
    const versions = this.#tasks.get(name)
    return (
      versions?.get(version) ??
      [...(versions?.values() ?? [])].findLast((task) => task.resumes.includes(version))
    )
  }

  /** The newest registered version. @throws {UnknownTask} */
  get(name: string): AnyTask {
    const task = [...(this.#tasks.get(name)?.values() ?? [])].at(-1)
    if (!task) throw new UnknownTask(name, [...this.#tasks.keys()])
    return task
  }

  /** Of each task the newest registered version. */
  newest(): readonly AnyTask[] {
    return [...this.#tasks.keys()].map((name) => this.get(name))
  }

  /** Every (name, version) this process can carry. */
  *carried(): Generator<{ readonly name: string; readonly versions: readonly string[] }> {
    for (const [name, versions] of this.#tasks)
      yield { name, versions: [...versions.values()].flatMap((task) => [task.version, ...task.resumes]) }
  }
}
