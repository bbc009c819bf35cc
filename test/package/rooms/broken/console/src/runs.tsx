import type { Run } from '../../src/server/api.ts'
import { open } from '../../src/app/index.ts' // breach
