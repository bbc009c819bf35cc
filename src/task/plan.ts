/** What a body says it means to do. */

/** A step of a plan. */
export interface PlanStep {
  /** By which it is marked done. */
  readonly id: string
  readonly title: string
}

export interface Plan {
  /** Says what is to be done, in order; replaces the plan before, and keeps what was done under the same id. @throws {BadPlan} */
  (steps: readonly PlanStep[]): Promise<void>
  /** A step of it is done. @throws {BadPlan} if it is not in the plan */
  done(id: string, note?: string): Promise<void>
}
