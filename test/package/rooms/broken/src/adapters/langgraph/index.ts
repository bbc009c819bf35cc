import { open } from '../../app/index.ts'
import { durable } from '../ai-sdk/index.ts' // breach
import { perform } from '../../run/index.ts' // breach
