import { open } from '../app/index.ts'
import { serve } from '../server/index.ts' // breach
