export type { Doc, Field, Hit, Why } from './doc.ts'
export { SearchIndex, type SearchOptions } from './search-index.ts'
export { SnapshotRefused } from './snapshot.ts'
