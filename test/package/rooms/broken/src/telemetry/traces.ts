// Telemetry is a view of the record, and knows nobody who writes it.
import type { StoredEvent } from '../log/index.ts'
import type { Recall } from '../memory/index.ts' // breach

export type Told = StoredEvent | Recall
