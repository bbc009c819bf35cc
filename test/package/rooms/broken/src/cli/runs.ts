import { open } from '../app/index.ts'
import { serve } from '../server/index.ts'
import { messageOf } from '../errors.ts'
import type { StoredEvent } from '../log/index.ts' // breach
