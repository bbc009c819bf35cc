/** From what was thrown, or answered, to the mode of it. */
export type { About, Answer, Classifier } from './about.ts'
export { classifyAnswer } from './answer.ts'
export { classify } from './classify.ts'
