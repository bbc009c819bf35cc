export { BadFeedback, FeedbackStale, NoOutput } from './errors.ts'
export { giveFeedback, type FeedbackParts } from './giving.ts'
export { feedbackProjection } from './projection.ts'
export { correctedBy, feedbackOf, finished } from './reading.ts'
